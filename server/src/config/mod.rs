//! What the broker is told to be: sections, sources, and showing the result.

mod layers;
mod load;
mod mask;
mod sections;

pub(crate) use layers::read_toml;
pub use layers::{Layer, Sources};
pub use load::{Loaded, load};
pub use mask::{masked, masked_url};
pub use sections::{
    AuthSection, BrokerSection, Config, LogFormat, LogSection, MetricsSection, RetentionSection,
    StorageSection, StreamRetention, StreamSection,
};

/// The commented sample, with every key: the ones that are set show the defaults, the ones behind `#` have none.
pub const SAMPLE: &str = include_str!("sample.toml");
