//! What is looked for: each canary as it is, and as it looks in hexadecimal, in base64 at any offset, and in a URL.

use std::fs;
use std::path::Path;

use countersign::wire::encoding::Encoding;

/// What senders send, and no key or secret of theirs may say anywhere.
pub const SENT: [&str; 5] =
    ["NL91ABNA0417164300", "Edsger Wybe", "canary-token-of-a-user-81f3", "canary-state-6b7e", "canary-kid-77aa"];

/// The lines of private keys in a folder, which nothing may quote.
pub fn private_lines(folder: &Path) -> Vec<String> {
    let pem = fs::read_to_string(folder.join("keys/cbuae/encryption.key.pem")).unwrap();
    let api_key = fs::read_to_string(folder.join("keys/tribe/api-key")).unwrap();
    let states = fs::read_to_string(folder.join("keys/redirect/state-secret")).unwrap();
    let lines = pem.lines().filter(|line| !line.starts_with('-') && line.len() > 20).map(str::to_owned);
    lines.chain([api_key.trim().to_owned(), states.trim().to_owned()]).collect()
}

/// Forms of one text.
fn forms(canary: &str) -> Vec<String> {
    let mut forms = vec![canary.to_owned()];
    let percent = |keep: fn(u8) -> bool| -> String {
        canary
            .bytes()
            .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    };
    forms.push(percent(|byte| byte.is_ascii_alphanumeric()));
    forms.push(percent(|_| false));
    forms.push(canary.replace(' ', "+"));
    forms.push(Encoding::Hex.encode(canary.as_bytes()));
    // Inside of a longer text, base64 depends on where it begins; what lies between whole groups of it does not.
    for offset in 0..3 {
        let padded = [&vec![0; offset][..], canary.as_bytes()].concat();
        for encoding in [Encoding::Base64, Encoding::Base64Url] {
            let text = encoding.encode(&padded);
            let end = padded.len() / 3 * 4;
            forms.push(text[if offset == 0 { 0 } else { 4 }..end].to_owned());
        }
    }
    forms.iter().map(|form| form.to_lowercase()).collect()
}

/// Fails if a canary, a secret of the environment or one of `private` is in a text.
pub fn assert_clean(texts: &[(String, String)], private: &[String]) {
    let secrets = super::SECRETS.iter().map(|(_, secret)| *secret);
    let needles: Vec<(&str, Vec<String>)> = SENT
        .into_iter()
        .chain(secrets)
        .chain(private.iter().map(String::as_str))
        .map(|one| (one, forms(one)))
        .collect();
    for (name, text) in texts {
        let lower = text.to_lowercase();
        for (canary, forms) in &needles {
            if let Some(form) = forms.iter().find(|form| lower.contains(*form)) {
                let line = lower.lines().find(|line| line.contains(form)).unwrap_or_default();
                panic!("{canary} is in {name} as {form}: {line}");
            }
        }
    }
}

#[test]
fn what_is_hidden_is_found_in_every_form() {
    let canary = "canary-state-6b7e";
    let base64 = |prefix: &str| Encoding::Base64.encode(format!("{prefix}{canary}!").as_bytes());
    let escaped: String = canary.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let hidden = [
        canary.to_uppercase(),
        base64(""),
        base64("a"),
        base64("ab"),
        base64("abc"),
        escaped,
        Encoding::Hex.encode(canary.as_bytes()),
    ];
    for text in hidden {
        let texts = [("text".to_owned(), format!("something {text} else"))];
        assert!(std::panic::catch_unwind(|| assert_clean(&texts, &[])).is_err(), "{text}");
    }
    assert_clean(&[("text".to_owned(), "nothing".to_owned())], &[]);
}
