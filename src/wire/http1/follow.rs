//! Follows the requests of one connection, head by head and body by body. The rule: no byte of a head passes before the
//! whole head was checked, and the next head is looked for at the first byte behind the body.

use super::{Chunked, Fault, Framing, Scan, check};

/// Where on the connection we are.
#[derive(Debug, Clone, Default)]
pub struct Follow {
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    Head(Scan),
    Length(u64),
    Chunked(Chunked),
}

impl Default for State {
    fn default() -> Self {
        Self::Head(Scan::default())
    }
}

/// How many bytes may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passed {
    /// As many from the beginning; what remains is the beginning of a head, or of what is wrong.
    pub bytes: usize,
    /// As many heads are among them.
    pub heads: u64,
    /// What is wrong behind them. After this, nothing passes any more.
    pub fault: Option<Fault>,
}

impl Follow {
    /// Looks at bytes: those that did not pass the last time, and what came since.
    pub fn pass(&mut self, bytes: &[u8]) -> Passed {
        let mut passed = Passed::default();
        loop {
            let rest = bytes.get(passed.bytes..).unwrap_or_default();
            if rest.is_empty() && !self.is_at_end_of_body() {
                return passed;
            }
            match self.one(rest) {
                Ok(None) => return passed,
                Ok(Some(taken)) => {
                    passed.bytes = passed.bytes.saturating_add(taken.bytes);
                    passed.heads = passed.heads.saturating_add(taken.heads);
                    if taken.fault.is_some() {
                        return Passed { fault: taken.fault, ..passed };
                    }
                }
                Err(fault) => return Passed { fault: Some(fault), ..passed },
            }
        }
    }

    /// Whether the last body has ended, or none was there yet.
    pub fn is_in_head(&self) -> bool {
        matches!(self.state, State::Head(_))
    }

    fn is_at_end_of_body(&self) -> bool {
        matches!(self.state, State::Length(0))
    }

    /// One head, or as much of one body as there is.
    fn one(&mut self, rest: &[u8]) -> Result<Option<Passed>, Fault> {
        match &mut self.state {
            State::Head(scan) => {
                let Some(end) = scan.end(rest)? else { return Ok(None) };
                self.state = match check(rest.get(..end).unwrap_or_default())? {
                    Framing::Length(length) => State::Length(length),
                    Framing::Chunked => State::Chunked(Chunked::default()),
                };
                Ok(Some(Passed { bytes: end, heads: 1, fault: None }))
            }
            State::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                *left = left.saturating_sub(taken as u64);
                if *left == 0 {
                    self.state = State::default();
                }
                Ok(Some(Passed { bytes: taken, ..Passed::default() }))
            }
            State::Chunked(chunked) => {
                let progress = chunked.follow(rest);
                if progress.ended {
                    self.state = State::default();
                }
                Ok(Some(Passed { bytes: progress.bytes, heads: 0, fault: progress.fault }))
            }
        }
    }
}
