//! Fail points in a build for the project's own tests. The rule: the end is a real SIGKILL, in the middle of the step, so
//! that nothing is flushed, dropped or answered after it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Fault, Point};

const FAIL_POINT: &str = "COUNTERSIGN_FAIL_POINT";
const CLOCK_AHEAD: &str = "COUNTERSIGN_CLOCK_AHEAD";

/// What happens at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// The process ends.
    Kill,
    /// Who comes there falls, as by a defect of ours.
    Panic,
    /// The step fails.
    Fail(Fault),
}

/// What the environment asked for.
#[derive(Debug)]
struct Armed {
    point: Point,
    action: Action,
    at: u64,
    passed: AtomicU64,
}

/// Nothing is armed before the receiver is ready: it sends itself a request when it starts.
static ARMED: OnceLock<Armed> = OnceLock::new();

/// Arms what the environment names. Answers its text, so that a receiver can say loudly what it is.
pub(crate) fn arm() -> Result<Option<String>, String> {
    let Ok(text) = std::env::var(FAIL_POINT) else { return Ok(None) };
    let armed = parse(&text)?;
    // A second receiver in one process has what the first one has.
    let _ = ARMED.set(armed);
    Ok(Some(text))
}

fn parse(text: &str) -> Result<Armed, String> {
    let wrong = |what: &str, found: &str| format!("expected {what} in {FAIL_POINT}, but found {found:?}");
    let (name, rest) = text.split_once('=').ok_or_else(|| wrong("NAME=ACTION", text))?;
    let (action, at) = rest.split_once('@').unwrap_or((rest, "1"));
    let names: Vec<_> = Point::ALL.iter().map(|(name, _)| *name).collect();
    let point = Point::ALL.iter().find(|(known, _)| *known == name).map(|(_, point)| *point);
    let point = point.ok_or_else(|| wrong(&format!("one of {}", names.join(" ")), name))?;
    let action = match action {
        "kill" => Action::Kill,
        "panic" => Action::Panic,
        "error" => Action::Fail(Fault::Error),
        "full" => Action::Fail(Fault::Full),
        _ => return Err(wrong("kill, panic, error or full", action)),
    };
    let at = at.parse().ok().filter(|at| *at > 0).ok_or_else(|| wrong("a number from 1", at))?;
    Ok(Armed { point, action, at, passed: AtomicU64::new(0) })
}

/// Counts the passing of a step; what is armed for this one.
fn due(point: Point) -> Option<&'static Armed> {
    let armed = ARMED.get().filter(|armed| armed.point == point)?;
    let before = armed.passed.fetch_add(1, Ordering::SeqCst);
    (before.saturating_add(1) == armed.at).then_some(armed)
}

/// A step that cannot fail by itself is passed.
pub(crate) fn reached(point: Point) {
    match due(point).map(|armed| armed.action) {
        None => {}
        Some(Action::Panic) => fall(point),
        Some(Action::Kill | Action::Fail(_)) => kill(),
    }
}

/// A step that can fail is passed.
pub(crate) fn fault(point: Point) -> Option<Fault> {
    match due(point)?.action {
        Action::Fail(fault) => Some(fault),
        Action::Panic => fall(point),
        Action::Kill => kill(),
    }
}

#[allow(clippy::panic, reason = "it is what was asked for")]
fn fall(point: Point) -> ! {
    panic!("expected nothing wrong, but found the fail point {point:?}")
}

/// Whether the end is due at a step that has something to do before it.
pub(crate) fn is_due(point: Point) -> bool {
    due(point).is_some()
}

/// SIGKILL. A system call of this thread's own: it does not return, and no other thread goes on.
pub(crate) fn kill() -> ! {
    loop {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// By how many milliseconds the clock of the machine has jumped, forwards or backwards.
pub(crate) fn clock_ahead() -> i64 {
    static AHEAD: OnceLock<i64> = OnceLock::new();
    let read = || std::env::var(CLOCK_AHEAD).ok()?.parse::<i64>().ok()?.checked_mul(1000);
    *AHEAD.get_or_init(|| read().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_read_with_its_action_and_passing() {
        let armed = parse("stored=kill").unwrap();
        assert_eq!((armed.point, armed.action, armed.at), (Point::Stored, Action::Kill, 1));
        let armed = parse("sqlite_commit=full@3").unwrap();
        assert_eq!((armed.point, armed.action, armed.at), (Point::SqliteCommit, Action::Fail(Fault::Full), 3));
    }

    #[test]
    fn what_is_no_point_is_refused() {
        for text in ["", "stored", "other=kill", "stored=stop", "stored=kill@0", "stored=kill@x"] {
            assert!(parse(text).unwrap_err().starts_with("expected "), "{text}");
        }
    }
}
