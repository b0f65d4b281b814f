//! The command line. On standard output only events and what a command was asked to print; all else on standard error.

mod check;
mod demo_keys;
mod distrust_facts;
mod health;
mod identity_facts;
mod inbox;
mod inspect;
mod keys;
mod logs;
mod redirect_facts;
mod send;
mod serve;
mod state;
mod table;
mod token_facts;
mod verify;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::server::{Config, Failure, Problem};

/// Receives signed webhooks of banks and payment hubs, proves who sent them, and hands each on once.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, about, after_help = EXAMPLES, propagate_version = true)]
struct Arguments {
    /// Configuration file.
    #[arg(long, global = true, value_name = "FILE", default_value = "countersign.toml")]
    config: PathBuf,
    /// How `serve` writes its log on standard error; `RUST_LOG` says how much of it.
    #[arg(long, global = true, value_name = "FORM", value_enum, env = "COUNTERSIGN_LOG", default_value = "auto")]
    log: logs::Form,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "Examples:
  countersign                                   receive, as countersign.toml says
  countersign check                             what protects each endpoint, and what does not
  countersign send worldline payment            send yourself a signed event
  countersign verify --endpoint worldline FILE  why was this request refused?
  countersign inbox list                        what was received";

#[derive(Debug, Subcommand)]
enum Command {
    /// Receive (this is what happens without a command).
    Serve,
    /// Load everything, say what protects each endpoint, and send each one bad request.
    Check(check::Check),
    /// Say what `serve` would answer to captured requests, and why.
    Verify(verify::Verify),
    /// Make and sign a realistic event, and post it.
    Send(Box<send::Send>),
    /// Look into the inbox.
    Inbox(inbox::Inbox),
    /// Make and look at keys.
    Keys(keys::Keys),
    /// Issue a state for an endpoint that browsers come back to.
    State(state::State),
    /// Ask a running receiver how it is.
    Health(health::Health),
}

/// How a command ended otherwise than well.
#[derive(Debug)]
enum Ended {
    /// It did what it should, and the answer is no, or nobody reads it.
    Refused,
    /// It failed.
    Failed(String),
    /// Bad usage or configuration.
    Usage(String),
    /// Something that it needs is not to be had.
    Unavailable(String),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Config(message) => Self::Usage(message),
            Failure::Unavailable(message) => Self::Unavailable(message),
            Failure::CutOff(message) => Self::Failed(message),
        }
    }
}

/// Runs the command line and answers with the exit status: 0 success; 1 refused or failed; 64 bad usage or
/// configuration; 69 something needed is unavailable.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let asked = !error.use_stderr();
            // Nothing to be done if the terminal is gone.
            let _ = error.print();
            return ExitCode::from(if asked { 0 } else { 64 });
        }
    };
    let (status, message) = match execute(arguments) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Ended::Refused) => return ExitCode::from(1),
        Err(Ended::Failed(message)) => (1, message),
        Err(Ended::Usage(message)) => (64, message),
        Err(Ended::Unavailable(message)) => (69, message),
    };
    eprintln!("countersign: {message}");
    ExitCode::from(status)
}

fn execute(arguments: Arguments) -> Result<(), Ended> {
    let config = &arguments.config;
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(config, arguments.log),
        Command::Check(check) => runtime(false)?.block_on(check.run(config)),
        Command::Verify(verify) => runtime(false)?.block_on(verify.run(config)),
        Command::Send(send) => runtime(false)?.block_on(send.run()),
        Command::Inbox(inbox) => runtime(false)?.block_on(inbox.run(config)),
        Command::Keys(keys) => keys.run(),
        Command::State(state) => state.run(config),
        Command::Health(health) => runtime(false)?.block_on(health.run(config)),
    }
}

fn runtime(many: bool) -> Result<tokio::runtime::Runtime, Ended> {
    let mut builder =
        if many { tokio::runtime::Builder::new_multi_thread() } else { tokio::runtime::Builder::new_current_thread() };
    builder.enable_all().build().map_err(|error| Ended::Unavailable(error.to_string()))
}

fn load(path: &std::path::Path) -> Result<Config, Ended> {
    Config::load(path).map_err(usage)
}

fn usage(problem: Problem) -> Ended {
    Ended::Usage(problem.to_string())
}

/// Prints a line on standard output. A reader that went away ends the command, as it should.
fn print(line: &str) -> Result<(), Ended> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| match error.kind() {
        // Whoever read has seen enough, as `head` does.
        std::io::ErrorKind::BrokenPipe => Ended::Refused,
        _ => Ended::Failed(error.to_string()),
    })
}
