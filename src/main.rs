//! The shell of the binary: everything is in the library.

use std::process::ExitCode;

/// Only the program has one: who uses the library chooses its own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    countersign::cli::run(std::env::args_os())
}
