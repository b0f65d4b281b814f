//! `keys`: makes keys for tests and demos, and looks at any key, certificate or key set.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::demo_keys::generate;
use super::table::plain;
use super::{Ended, print};
use crate::crypto::Backend;
use crate::keys::{KeyError, VerifyingKey, file, pem};
use crate::wire::encoding::Encoding;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign keys generate --out keys
  countersign keys inspect keys/worldline/signing.crt")]
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
    /// Print type, size, algorithm, id, thumbprints and validity.
    Inspect {
        /// PEM, DER or JSON.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

impl Keys {
    pub(super) fn run(&self) -> Result<(), Ended> {
        match &self.command {
            Command::Generate { out } => generate(out).map_err(Ended::Failed),
            Command::Inspect { files } => files.iter().try_for_each(|file| inspect(file)),
        }
    }
}

fn inspect(path: &Path) -> Result<(), Ended> {
    let bytes = fs::read(path)
        .map_err(|error| Ended::Unavailable(format!("expected a key in {}, but found {error}", path.display())))?;
    let keys = match file::read(Backend::default(), &bytes, None) {
        Ok(keys) => keys,
        Err(error) => return private(path, &bytes, &error),
    };
    for key in keys {
        let (kind, bits) = match key.verifier() {
            VerifyingKey::Public(public) => (key.algorithm().key_kind().name(), format!("{} bits", public.bits())),
            VerifyingKey::Mac(_) => ("secret", "not shown".to_owned()),
        };
        let thumbprint = |name, value: Option<&[u8]>| value.map(|value| (name, Encoding::Hex.encode(value)));
        let validity = |name, value: Option<crate::clock::Timestamp>| value.map(|at| (name, at.to_string()));
        let rows = [
            Some(("type", kind.to_owned())),
            Some(("size", bits)),
            Some(("algorithm", format!("{} unless the configuration names another", key.algorithm()))),
            Some(("key id", plain(key.id().as_str()))),
            thumbprint("certificate SHA-1", key.certificate_sha1().as_ref().map(<[u8; 20]>::as_slice)),
            thumbprint("certificate SHA-256", key.certificate_sha256().as_ref().map(<[u8; 32]>::as_slice)),
            thumbprint("public key SHA-256", key.sha256_spki().as_ref().map(<[u8; 32]>::as_slice)),
            validity("not before", key.not_before()),
            validity("not after", key.not_after()),
            key.is_demo().then(|| ("demo", "everybody has this key; it is trusted on loopback only".to_owned())),
        ];
        print(&path.display().to_string())?;
        for (name, value) in rows.into_iter().flatten() {
            print(&format!("  {name:<20} {value}"))?;
        }
    }
    Ok(())
}

/// A private key is named as one, and nothing of it is shown.
fn private(path: &Path, bytes: &[u8], error: &KeyError) -> Result<(), Ended> {
    let blocks = std::str::from_utf8(bytes).ok().and_then(|text| pem::read(text).ok()).unwrap_or_default();
    if !blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
        return Err(Ended::Failed(format!("{}: {error}", path.display())));
    }
    print(&path.display().to_string())?;
    print("  type                 private key; nothing of it is shown")
}
