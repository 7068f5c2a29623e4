//! The one list of properties: it makes the tests, [`PROPERTIES`] and the documentation's table.

use crate::{Law, Needs, Property, properties};

/// Hands the list to [`__emit!`](crate::__emit). Each entry: what it needs, and what the driver is held to.
#[doc(hidden)]
#[macro_export]
macro_rules! __properties {
    ($mode:ident $($with:tt)*) => {
        $crate::__emit! { $mode [$($with)*]
            order Order {
                sequences_follow_commits [Nothing] "Events get the sequences right after the head, in the order of the commit; refused commits leave no holes";
                sequences_survive_a_purge [Nothing] "A stream that was emptied, and reopened where it can be, goes on counting";
                sequences_survive_a_deletion [Catalog] "A channel that was deleted gives no sequence back";
                concurrent_commits_stand_in_one_order [Nothing] "Commits of several writers stand side by side in the log, each where its receipt says";
            }
            every Every {
                scripts_agree_with_the_model [Nothing] "Random scripts of all calls do step by step what a plain model does; failing ones shrink";
            }
        }
    };
}

/// Makes tests (`tests`) or the constant's entries (`list`) of the list.
#[doc(hidden)]
#[macro_export]
macro_rules! __emit {
    (tests [$harness:expr] $($module:ident $law:ident { $($name:ident [$needs:ident] $text:literal;)* })*) => {$(
        mod $module {
            use super::*;
            $(
                #[doc = $text]
                #[test]
                fn $name() {
                    $crate::hold($crate::Law::$law, ::core::stringify!($name), $harness);
                }
            )*
        }
    )*};
    (list [] $($module:ident $law:ident { $($name:ident [$needs:ident] $text:literal;)* })*) => {
        &[$($(
            Property {
                law: Law::$law,
                name: stringify!($name),
                needs: Needs::$needs,
                text: $text,
                run: |lab| Box::pin(properties::$module::$name(lab)),
            },
        )*)*]
    };
}

/// Makes one `#[test]` per property of the suite, in a module per law, for an expression that gives a [`Harness`].
///
/// ```ignore
/// eventweir_conformance::storage_suite!(MyHarness);
/// ```
///
/// [`Harness`]: crate::Harness
#[macro_export]
macro_rules! storage_suite {
    ($harness:expr) => {
        $crate::__properties! { tests $harness }
    };
}

/// Every property, in the order of the documentation's table.
pub const PROPERTIES: &[Property] = __properties! { list };

/// Returns the documentation's table, in Markdown.
pub fn table() -> String {
    let mut table =
        String::from("| law | property | needs | what the driver is held to |\n|---|---|---|---|\n");
    for Property { law, name, needs, text, .. } in PROPERTIES {
        table += &format!("| {law} | `{name}` | {} | {text} |\n", needs.as_str());
    }
    table
}
