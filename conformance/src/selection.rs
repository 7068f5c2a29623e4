//! Which properties are looked at.

use crate::{Failure, Level, Property, properties};
use std::collections::HashSet;

/// Chooses properties: all of them, unless words say which.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    words: Vec<String>,
}

impl Selection {
    /// Chooses all.
    pub fn all() -> Self {
        Self::default()
    }

    /// Adds those that a word names: a law, a property's name, a level, a subject's name; or several of them joined by `::`,
    /// such as `broker::no-miss`, which all must fit.
    pub fn only(mut self, word: impl Into<String>) -> Self {
        self.words.push(word.into());
        self
    }

    /// Checks that each word names something of subjects, which are given by level and name.
    ///
    /// # Errors
    /// A [`Failure`] that says which word names nothing, and what could be named.
    pub fn check(&self, subjects: &[(Level, &str)]) -> Result<(), Failure> {
        let names_one = |word: &str| {
            let names = |(level, name): &(Level, &str)| {
                properties(*level).iter().any(|property| fits(word, *level, name, property))
            };
            subjects.iter().any(names)
        };
        match self.words.iter().find(|word| !names_one(word)) {
            Some(word) => Err(Failure::new(format!("{word:?} names nothing; {}", known(subjects)))),
            None => Ok(()),
        }
    }

    /// Returns the properties that are chosen of a subject, which is given by level and name.
    pub fn of(&self, level: Level, name: &str) -> Vec<&'static Property> {
        let chosen = |property: &&'static Property| {
            self.words.is_empty() || self.words.iter().any(|word| fits(word, level, name, property))
        };
        properties(level).iter().filter(chosen).collect()
    }
}

fn fits(word: &str, level: Level, name: &str, property: &Property) -> bool {
    let known = [property.law.as_str(), property.name, level.as_str(), name];
    word.split("::").all(|part| !part.is_empty() && known.contains(&part))
}

/// Says what words there are; properties are too many to name in a sentence.
fn known(subjects: &[(Level, &str)]) -> String {
    let all = || subjects.iter().flat_map(|(level, _)| properties(*level));
    format!(
        "there are the levels {}, the subjects {}, the laws {} and the names of {} properties",
        listed(subjects.iter().map(|(level, _)| level.as_str())),
        listed(subjects.iter().map(|(_, name)| *name)),
        listed(all().map(|property| property.law.as_str())),
        all().map(|property| property.name).collect::<HashSet<_>>().len(),
    )
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut listed = Vec::new();
    for word in words {
        if !word.is_empty() && !listed.contains(&word) {
            listed.push(word);
        }
    }
    listed.join(", ")
}
