//! How many files may be open. The rule: what is no connection always has its files, whatever `limits.connections` says: the
//! store, sinks, listeners, operators, and a reload that opens them anew.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files besides connections of senders.
const OTHERS: u64 = 128;

/// Asks for as many as the system allows, which is more than most shells give. Whether there are fewer than so many
/// connections need: how many there are then, and how many connections there can be.
pub(crate) fn raise(connections: usize) -> Option<(u64, usize)> {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let most = connections_at_most();
    getrlimit(Resource::Nofile).current.filter(|_| most < connections).map(|files| (files, most))
}

/// How many connections of senders there is a file for.
pub(super) fn connections_at_most() -> usize {
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, within)
}

/// Of very few files, a part.
fn within(files: u64) -> usize {
    let most = files.saturating_sub(OTHERS).max(files / 4).max(1);
    usize::try_from(most).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_keep_their_files_and_somebody_always_comes_in() {
        assert_eq!([0, 3, 120, 160, 1024, u64::MAX].map(within), [1, 1, 30, 40, 896, usize::MAX - 128]);
    }
}
