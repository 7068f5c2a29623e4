//! Signals, where there are any.

use std::io;
use std::process::Child;

#[cfg(unix)]
mod unix {
    use super::*;
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

    fn send(child: &Child, signal: Signal) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(child), signal)?)
    }

    pub(crate) fn terminate(child: &Child) -> io::Result<()> {
        send(child, Signal::TERM)
    }

    pub(crate) fn stop(child: &Child) -> io::Result<()> {
        send(child, Signal::STOP)
    }

    pub(crate) fn go_on(child: &Child) -> io::Result<()> {
        send(child, Signal::CONT)
    }

    pub(crate) fn has_stopped(child: &Child) -> io::Result<bool> {
        let only_look = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(Pid::from_child(child)), only_look)?.is_some())
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use super::*;

    fn none() -> io::Error {
        io::Error::new(io::ErrorKind::Unsupported, "this system has no signals")
    }

    pub(crate) fn terminate(_: &Child) -> io::Result<()> {
        Err(none())
    }

    pub(crate) fn stop(_: &Child) -> io::Result<()> {
        Err(none())
    }

    pub(crate) fn go_on(_: &Child) -> io::Result<()> {
        Err(none())
    }

    pub(crate) fn has_stopped(_: &Child) -> io::Result<bool> {
        Err(none())
    }
}

#[cfg(not(unix))]
pub(super) use elsewhere::{go_on, has_stopped, stop, terminate};
#[cfg(unix)]
pub(super) use unix::{go_on, has_stopped, stop, terminate};
