//! `keys generate`: a set of keys for tests and demos, one folder a profile.
//!
//! The rule: every key and secret that is made is in the list by which a receiver knows that everybody has it.

use std::fs;
use std::io::Write;
use std::path::Path;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

use crate::crypto::{Backend, Digest, random};
use crate::keys::{Key, KeyId, VerifyingKey, file, write_rsa};
use crate::wire::encoding::Encoding;

/// The names of the two keys of UAE Open Finance, as the demo configuration has them.
const HUB_SIGNING: &str = "demo-hub-signing";
const RECEIVER_ENCRYPTION: &str = "demo-receiver-encryption";

pub(super) fn generate(out: &Path) -> Result<(), String> {
    let (worldline_key, certificate) = generate_certified("countersign demo, not for production")?;
    let [tribe, hub, receiver] = [pair()?, pair()?, pair()?];
    let (api_key, state_secret) = (secret()?, secret()?);
    let mut list = String::from(
        "# SHA-256 of every key and secret of this folder. Everybody has them: they are trusted on loopback only.\n",
    );
    let (hub_public, receiver_public) =
        (key_material(&hub.public_key_pem())?, key_material(&receiver.public_key_pem())?);
    let published = [
        key_material(&certificate)?,
        key_material(&tribe.public_key_pem())?,
        api_key.clone().into_bytes(),
        hub_public.clone(),
        receiver_public.clone(),
        state_secret.clone().into_bytes(),
    ];
    for material in published {
        list.push_str(&Encoding::Hex.encode(&Digest::sha256_of(&material)));
        list.push('\n');
    }
    let files = [
        ("worldline/signing.key.pem", worldline_key),
        ("worldline/signing.crt", certificate),
        ("tribe/signing.key.pem", tribe.serialize_pem()),
        ("tribe/signing.pub.pem", tribe.public_key_pem()),
        ("tribe/api-key", api_key + "\n"),
        ("cbuae/signing.key.pem", hub.serialize_pem()),
        ("cbuae/signing.jwks.json", key_set(&hub_public, HUB_SIGNING, "PS256", "sig")?),
        ("cbuae/encryption.key.pem", receiver.serialize_pem()),
        ("cbuae/encryption.jwks.json", key_set(&receiver_public, RECEIVER_ENCRYPTION, "RSA-OAEP-256", "enc")?),
        ("redirect/state-secret", state_secret + "\n"),
        ("demo.txt", list),
    ];
    for (name, text) in files {
        write_new(&out.join(name), &text)?;
        eprintln!("wrote {}", out.join(name).display());
    }
    Ok(())
}

fn secret() -> Result<String, String> {
    let mut secret = [0_u8; 32];
    random(&mut secret).map_err(|error| error.to_string())?;
    Ok(format!("demo-{}", Encoding::Base64Url.encode(&secret)))
}

fn pair() -> Result<KeyPair, String> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(|error| error.to_string())
}

/// A private key in PKCS#8 PEM and a self-signed certificate, RSA-2048.
pub(super) fn generate_certified(name: &str) -> Result<(String, String), String> {
    let key = pair()?;
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

fn key_set(material: &[u8], id: &str, alg: &str, usage: &str) -> Result<String, String> {
    let id = KeyId::new(id).map_err(|error| error.to_string())?;
    write_rsa(material, &id, alg, usage).map(|text| text + "\n").map_err(|error| error.to_string())
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
        let public = path.extension().is_some_and(|end| end == "crt" || end == "txt" || end == "json")
            || path.ends_with("signing.pub.pem");
        options.mode(if public { 0o644 } else { 0o600 });
    }
    options.open(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(named)
}
