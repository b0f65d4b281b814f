//! What a test left out for want of a part that not every machine has. The rule: whoever runs `./test` reads it at the end,
//! as what a test that passes prints is shown to nobody.
#![allow(unreachable_pub, reason = "each test target has it somewhere else")]

use std::io::Write;

/// Says that `what` was left out, and why.
pub fn say(what: &str, why: &str) {
    let line = format!("left out: {what} ({why})\n");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("COUNTERSIGN_LEFT_OUT") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the list of what was left out");
    }
}
