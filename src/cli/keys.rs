//! `keys`: makes keys for tests and demos, and looks at any key, certificate or key set.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::demo_keys::generate;
use super::{Ended, inspect};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign keys generate --out keys
  countersign keys inspect keys/worldline/signing.crt
  countersign keys inspect --json bank.jwks.json")]
pub(super) struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a set of keys for tests: one folder a profile.
    Generate {
        /// Where to; the folder must not hold keys yet.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Print type, size, algorithm, id, thumbprints and validity of every key.
    Inspect {
        /// One JSON document a key.
        #[arg(long)]
        json: bool,
        /// PEM, DER or JSON.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

impl Keys {
    pub(super) fn run(&self) -> Result<(), Ended> {
        match &self.command {
            Command::Generate { out } => generate(out).map_err(Ended::Failed),
            Command::Inspect { files, json } => files.iter().try_for_each(|file| inspect::inspect(file, *json)),
        }
    }
}
