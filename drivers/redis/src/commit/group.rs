//! Several commits as one call.

use super::plan::Plan;
use crate::codec::pack::Pack;
use crate::streams::{Handle, Place};
use bytes::Bytes;
use eventweir::{ChannelName, Epoch};
use std::collections::HashMap;

/// What a call of the script is made of.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) args: Vec<Bytes>,
}

/// The channels of a group, each with its place among the keys.
#[derive(Debug, Default)]
struct Channels<'a> {
    names: Vec<&'a ChannelName>,
    places: HashMap<&'a str, u64>,
}

impl<'a> Channels<'a> {
    fn place(&mut self, name: &'a ChannelName) -> u64 {
        let names = &mut self.names;
        *self.places.entry(name.as_str()).or_insert_with(|| {
            names.push(name);
            names.len() as u64
        })
    }
}

/// Makes one call of several commits. Keys that this group does not need are left out: a cluster that moves the slot refuses
/// whatever names a key that is not there.
pub(super) fn call(
    handle: &Handle,
    place: &Place,
    plans: &[&Plan],
    publish: &'static str,
    touch: bool,
) -> Call {
    let mut keys = vec![handle.meta(), place.log(), place.ids(), place.channels()];
    let mut pack = Pack::new();
    pack.array(7).array(7);
    let any = |has: fn(&Plan) -> bool| plans.iter().any(|plan| has(plan));
    let mut optional = |needed: bool, make: &[fn(&Place) -> Vec<u8>]| {
        for part in make {
            if needed {
                keys.push(part(place));
            }
            pack.number(if needed { keys.len() as u64 } else { 0 });
        }
    };
    optional(any(|plan| plan.id.is_some()), &[Place::commits, Place::committed]);
    optional(any(|plan| plan.cursor_count > 0), &[Place::cursors, Place::cursor_names]);
    optional(any(|plan| plan.record_count > 0), &[Place::records]);
    optional(any(|plan| plan.expected_channel.is_some()), &[Place::removed]);
    // The channels come after all others.
    pack.number(keys.len() as u64);

    let mut channels = Channels::default();
    for plan in plans {
        plan.events.iter().map(|event| &event.channel).chain(&plan.expected_channel).for_each(|name| {
            channels.place(name);
        });
    }
    keys.extend(channels.names.iter().map(|name| place.channel(name)));
    pack.list(channels.names.len(), &channels.names, |pack, name| {
        pack.text(name.as_str());
    });

    let events = || plans.iter().flat_map(|plan| &plan.events);
    let count = events().count();
    pack.list(count, events(), |pack, event| {
        pack.bytes(&event.id);
    });
    pack.list(count, events(), |pack, event| {
        pack.bytes(&event.head);
    });
    pack.list(count, events(), |pack, event| {
        pack.number(channels.place(&event.channel));
    });
    pack.list(count, events(), |pack, event| {
        pack.number(event.size);
    });

    pack.array(plans.len());
    for plan in plans {
        if plan.is_plain() {
            pack.number(plan.events.len() as u64);
            continue;
        }
        let (kind, expected) = plan.expect;
        let channel = plan.expected_channel.as_ref().map_or(0, |name| channels.place(name));
        pack.array(7).number(plan.events.len() as u64).bytes(plan.id.as_deref().unwrap_or_default());
        pack.number(kind).exact(expected).number(channel);
        pack.array(plan.cursor_count).packed(&plan.cursors);
        pack.array(plan.record_count).packed(&plan.records);
    }

    let mut args = vec![
        Bytes::from(place.incarnation.clone()),
        Bytes::from(Epoch::random().to_string()),
        Bytes::from_static(publish.as_bytes()),
        Bytes::from(handle.wake()),
        Bytes::from_static(if touch { b"1" } else { b"0" }),
        Bytes::from(pack.finish()),
    ];
    args.extend(events().map(|event| event.data.clone()));
    Call { keys, args }
}
