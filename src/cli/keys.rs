//! `keys`: makes keys for tests and demos, and looks at any key, certificate or key set.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

use super::{Ended, inspect};
use crate::crypto::{Backend, Digest, random};
use crate::keys::{Key, VerifyingKey, file};
use crate::wire::encoding::Encoding;

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

fn generate(out: &Path) -> Result<(), String> {
    let (worldline_key, certificate) = generate_certified("countersign demo, not for production")?;
    let tribe = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(|error| error.to_string())?;
    let mut secret = [0_u8; 32];
    random(&mut secret).map_err(|error| error.to_string())?;
    let api_key = format!("demo-{}", Encoding::Base64Url.encode(&secret));
    let mut list = String::from(
        "# SHA-256 of every key and secret of this folder. Everybody has them: they are trusted on loopback only.\n",
    );
    for material in [key_material(&certificate)?, key_material(&tribe.public_key_pem())?, api_key.clone().into_bytes()]
    {
        list.push_str(&Encoding::Hex.encode(&Digest::sha256_of(&material)));
        list.push('\n');
    }
    let files = [
        ("worldline/signing.key.pem", worldline_key),
        ("worldline/signing.crt", certificate),
        ("tribe/signing.key.pem", tribe.serialize_pem()),
        ("tribe/signing.pub.pem", tribe.public_key_pem()),
        ("tribe/api-key", api_key + "\n"),
        ("demo.txt", list),
    ];
    for (name, text) in files {
        write_new(&out.join(name), &text)?;
        eprintln!("wrote {}", out.join(name).display());
    }
    Ok(())
}

/// A private key in PKCS#8 PEM and a self-signed certificate, RSA-2048.
pub(super) fn generate_certified(name: &str) -> Result<(String, String), String> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(|error| error.to_string())?;
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    let certificate = parameters.self_signed(&key).map_err(|error| error.to_string())?;
    Ok((key.serialize_pem(), certificate.pem()))
}

fn key_material(text: &str) -> Result<Vec<u8>, String> {
    let keys = file::read(Backend::default(), text.as_bytes(), None).map_err(|error| error.to_string())?;
    match keys.first().map(Key::verifier) {
        Some(VerifyingKey::Public(key)) => Ok(key.material().to_vec()),
        _ => Err("expected a public key, but found none".to_owned()),
    }
}

/// Writes a file that must not be there yet; what is private is for its owner only.
fn write_new(path: &Path, text: &str) -> Result<(), String> {
    let named = |error: std::io::Error| format!("expected to write {}, but found {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(named)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let public =
            path.extension().is_some_and(|end| end == "crt" || end == "txt") || path.ends_with("signing.pub.pem");
        options.mode(if public { 0o644 } else { 0o600 });
    }
    options.open(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(named)
}
