//! What is wrong with several brokers is right of one of them: only the level of several brokers can find it.

use eventweir_conformance::{Options, Property, Verdict, properties};
use eventweir_faulty::{Faulty, alone};

#[test]
fn one_of_several_brokers_keeps_the_law_that_they_break_together() {
    let options = Options::from_environment().unwrap();
    for (name, subject) in alone() {
        let law = Faulty::named(name).unwrap().law;
        for property in properties(subject.level()).iter().filter(|property: &&Property| property.law == law)
        {
            match property.check(&subject, &options) {
                Ok(Verdict::Held | Verdict::Skipped(_)) => {}
                Err(failure) => panic!("{name}, alone: {property:?}: {failure}"),
            }
        }
    }
}
