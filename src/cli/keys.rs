//! `keys`: makes keys for tests and demos, and looks at any key, certificate or key set.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

use super::table::plain;
use super::{Ended, print};
use crate::crypto::{Backend, Digest, random};
use crate::keys::{Key, KeyError, VerifyingKey, file, pem};
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
