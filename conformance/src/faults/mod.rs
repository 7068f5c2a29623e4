//! What goes wrong around a broker, made to order: stores that fail, connections that are cut, processes that are killed.

mod dice;
mod layer;
mod process;
mod proxy;
mod rates;
mod wakeups;

pub(crate) use dice::Dice;
pub use layer::FaultLayer;
pub use process::Process;
pub use proxy::Proxy;
pub use rates::FaultRates;
