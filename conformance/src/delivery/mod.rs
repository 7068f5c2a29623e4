//! The laws as clients of a broker see them: in this process, through two brokers, or over a wire.

mod client;
mod disguise;
mod in_process;
mod own_stream;
mod play;
pub(crate) mod properties;
mod script;
mod site;
mod stage;
mod wire;

pub use client::{Abilities, Client, From, Place, Published, Seen, Told};
pub(crate) use disguise::Disguise;
pub(crate) use in_process::InProcess;
pub use own_stream::OwnStream;
pub(crate) use site::{Disturbance, Site};
pub(crate) use stage::{SiteOpener, Stage};
pub use wire::{Address, Host, HostAbilities, Protocol};
