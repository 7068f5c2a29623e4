//! Random scripts for several clients at the same time, on a bare store.
//!
//! A script has phases. In each, clients make their calls side by side, and nothing in the suite puts them in an order: a
//! clock is read before and after each call, and that is all. Between phases the world steps in: it reopens, trims, deletes.
//!
//! Afterwards the calls are compared with the log. The contract makes that plain: it is one total order, receipts say where in it
//! a commit stands, and pages say which part of it they show. So the log is told to the model commit by commit, and every
//! answer must be that of the model at some moment between the call and its return: nothing has to be searched.

mod call;
mod check;
mod client;
mod generate;
mod perform;
mod step;

pub(crate) use generate::{Means, script};
pub(crate) use perform::perform;
