//! The scripts that run inside Redis. What they share is put before each of them.

use redis::Script;
use std::sync::LazyLock;

macro_rules! script {
    ($name:ident, $flags:literal, $($part:literal),+) => {
        pub(crate) static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::new(concat!(
                "#!lua", $flags, "\n", include_str!("scripts/stream.lua"), $(include_str!(concat!("scripts/", $part))),+
            ))
        });
    };
}

script!(CREATE, "", "create.lua");
script!(COMMIT, "", "commit.lua");
script!(READ, " flags=no-writes", "names.lua", "read.lua");
script!(PEEK, " flags=no-writes", "peek.lua");
script!(COUNT, " flags=no-writes", "count.lua");
script!(CURSORS, " flags=no-writes", "cursors.lua");
script!(LIST, " flags=no-writes", "list.lua");
script!(LOOK, " flags=no-writes", "look.lua");
script!(LEFTOVERS, " flags=no-writes", "leftovers.lua");
script!(REGISTERED, " flags=no-writes", "registered.lua");
script!(REGISTER, "", "register.lua");
// What makes room works in a full store, too.
script!(REMOVE, " flags=allow-oom", "remove.lua");
script!(FADE, " flags=allow-oom", "fade.lua");
script!(DELETE, " flags=allow-oom", "delete.lua");
script!(SWEEP, " flags=allow-oom", "sweep.lua");
