//! What is prepared once and used by all rounds.

use crate::bench::embedded::runtime;
use crate::bench::figure::Sample;
use crate::bench::runner::Context;
use crate::failure::{Failure, Result};
use std::cell::RefCell;
use std::rc::Rc;

type Make<T> = Box<dyn Fn(&Context) -> Result<T>>;
type Tidy<T> = Box<dyn Fn(&T) -> Result<()>>;

/// Holds something that is made with its first use, and tidied up with the last.
pub(super) struct Kept<T> {
    make: Make<T>,
    tidy: Tidy<T>,
    made: RefCell<Option<T>>,
}

impl<T> Kept<T> {
    pub(super) fn new(
        make: impl Fn(&Context) -> Result<T> + 'static,
        tidy: impl AsyncFn(&T) -> Result<()> + 'static,
    ) -> Rc<Self> {
        let tidy = move |made: &T| runtime()?.block_on(tidy(made));
        Rc::new(Self { make: Box::new(make), tidy: Box::new(tidy), made: RefCell::default() })
    }

    pub(super) fn with(&self, context: &Context, load: impl FnOnce(&T) -> Result<Sample>) -> Result<Sample> {
        let mut made = self.made.borrow_mut();
        if made.is_none() {
            *made = Some((self.make)(context)?);
        }
        made.as_ref().map_or_else(|| Err(Failure::failed("nothing was prepared")), load)
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        if let Some(made) = self.made.take() {
            // What cannot be removed has a name that says where it is from.
            let _ = (self.tidy)(&made);
        }
    }
}
