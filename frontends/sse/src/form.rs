//! What stands in the data of a frame.

use eventweir::WireForm;
use eventweir_web::{Problem, Query};

/// Says what a client gets as the data of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataForm {
    /// The event as the JSON object of the native API. Exact for every event.
    #[default]
    Json,
    /// The event's own data: text as it is, with its line ends as `\n`; anything else as a `data:` URL in an event named `binary`.
    Raw,
}

impl DataForm {
    /// The query key that chooses: `data=json` or `data=raw`.
    pub const KEY: &'static str = "data";

    /// Reads what a client asks for; JSON unless it says otherwise.
    ///
    /// # Errors
    /// 400 when it is neither `json` nor `raw`, or stands there twice.
    pub fn of_query(query: &Query) -> Result<Self, Problem> {
        let form = query.choice(Self::KEY, &[("json", Self::Json), ("raw", Self::Raw)])?;
        Ok(form.unwrap_or_default())
    }

    pub(crate) fn wire(self) -> WireForm {
        match self {
            Self::Json => WireForm::Sse,
            Self::Raw => WireForm::SseRaw,
        }
    }
}
