//! What a profile relies on, held against what an endpoint has.
//!
//! The rule: what is relied on is signed, what is needed is there, and what nobody would use is not.

use std::time::Duration;

use crate::crypto::Secret;
use crate::error::ConfigError;
use crate::keys::{DecryptionKeys, KeySet, is_demo_key};
use crate::profile::{
    ClaimRules, Demand, Form, Fresh, Identification, Input, Jose, LONGEST_LIFETIME, Nesting, Profile, Redirect,
    SHORTEST_LIFETIME, Scheme,
};
use crate::verify::MOST_KEYS;
use crate::wire::template::Part;

/// Whether an endpoint of this profile may verify with these keys: asked when it is built, and again for every set
/// that would take the place of the first.
///
/// # Errors
/// [`ConfigError`] if one of the keys is for demos and those are not trusted, or there are more than are tried.
pub fn acceptable(profile: &Profile, keys: &KeySet, trusting_demo_keys: bool) -> Result<(), ConfigError> {
    if matches!(profile.scheme, Scheme::Body(_) | Scheme::Redirect(_)) && keys.len() > MOST_KEYS {
        let message = format!(
            "expected at most {MOST_KEYS} keys, because this sender does not name its key and each is tried, \
             but found {}",
            keys.len()
        );
        return Err(ConfigError::new("keys", message));
    }
    if let Some(only) = profile.algorithm()
        && let Some(other) = keys.iter().find(|key| key.algorithm() != only)
    {
        let message = format!(
            "expected keys for {only}, which is all that this sender signs with, but found {:?} for {}",
            other.id().as_str(),
            other.algorithm()
        );
        return Err(ConfigError::new("keys", message));
    }
    if keys.has_demo_key() && !trusting_demo_keys {
        let message = "expected keys of your own, but found a demo key, which everybody has; \
                       it is trusted only by a listener on loopback";
        return Err(ConfigError::new("keys", message));
    }
    Ok(())
}

/// An endpoint before it is built.
pub(super) struct Said<'a> {
    pub(super) profile: &'a Profile,
    pub(super) bearer: Option<&'a Secret>,
    pub(super) api_key: Option<&'a Secret>,
    pub(super) public_url: bool,
    pub(super) decryption: Option<&'a DecryptionKeys>,
    pub(super) demo_keys: bool,
}

impl Said<'_> {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if let Some(setting) = self.profile.unread {
            let message = "expected a setting that this profile reads, but found one of another";
            return Err(ConfigError::new(setting, message));
        }
        self.secrets_are_ours()?;
        self.fresh_is_signed()?;
        self.body_is_signed()?;
        self.parts_are_told_apart()?;
        self.url_is_known()?;
        match &self.profile.scheme {
            Scheme::Jose(scheme) => self.jose(scheme),
            Scheme::Redirect(scheme) => self.redirect(scheme),
            Scheme::Body(_) | Scheme::Http(_) => self.no_token(),
        }
    }

    /// What the sender shows, and what signs our answers, is not what everybody has.
    fn secrets_are_ours(&self) -> Result<(), ConfigError> {
        let is_demo = |secret: Option<&Secret>| secret.is_some_and(|secret| is_demo_key(secret.expose()));
        let shown = [
            ("bearer", is_demo(self.bearer)),
            ("api_key", is_demo(self.api_key)),
            ("reply_key", self.profile.demo_signer),
        ];
        match shown.into_iter().find(|(_, demo)| *demo && !self.demo_keys) {
            Some((field, _)) => {
                let message = "expected a secret of your own, but found a demo secret, which everybody has; \
                               it is trusted only by a listener on loopback";
                Err(ConfigError::new(field, message))
            }
            None => Ok(()),
        }
    }

    fn fresh_is_signed(&self) -> Result<(), ConfigError> {
        let rules = |scheme: &Jose| scheme.claims.as_ref().map(|rules| rules.exp);
        let signed = match (&self.profile.fresh, &self.profile.scheme) {
            // Asked of what is built, which may have been adjusted since it was made.
            (Fresh::Unsaid, Scheme::Body(scheme)) if !may_hold_a_time(&scheme.input) => true,
            (Fresh::Unsaid, _) => {
                let message = "expected a time that the signature covers, by with_fresh, or, said aloud, \
                               accepting_messages_of_any_age, but found nothing";
                return Err(ConfigError::new("signature.fresh", message));
            }
            (Fresh::Off, _) => true,
            (Fresh::Header(name), _) => self.profile.covers(name),
            (Fresh::Member(name), Scheme::Body(scheme)) => scheme.input.covers_member(name),
            (Fresh::Claim(_), Scheme::Jose(scheme)) => rules(scheme).is_some(),
            (Fresh::Expiry, Scheme::Jose(scheme)) => rules(scheme) == Some(Demand::Required),
            (Fresh::Issued, Scheme::Redirect(_)) => true,
            (Fresh::Member(_) | Fresh::Claim(_) | Fresh::Expiry | Fresh::Issued, _) => false,
        };
        if signed && !self.profile.fresh.has_tolerance() && self.profile.tolerance != Duration::ZERO {
            let message =
                "expected a profile with a signed time, but found one without, with which nothing is compared";
            return Err(ConfigError::new("tolerance", message));
        }
        if signed {
            return Ok(());
        }
        let message = "expected a time that the signature covers, but found one that anybody can change or leave out";
        Err(ConfigError::new("signature.fresh", message))
    }

    fn body_is_signed(&self) -> Result<(), ConfigError> {
        match &self.profile.scheme {
            // A template has it by its grammar, a token is it or has its hash.
            Scheme::Http(scheme) if !scheme.cover.iter().any(|name| &**name == "digest") => {
                let message = "expected digest among what a signature has to cover, but found none: the body would be \
                               anybody's";
                Err(ConfigError::new("signature.cover", message))
            }
            _ => Ok(()),
        }
    }

    /// Where two values meet without a word between them, the end of one could be moved to the other, and the signature would
    /// still fit. The body may stand beside a value: a JSON object with a letter more or less is none.
    fn parts_are_told_apart(&self) -> Result<(), ConfigError> {
        let Some(input) = self.input() else { return Ok(()) };
        let is_value = |part: &Part| matches!(part, Part::Header(_) | Part::Member(_) | Part::Query);
        for side in [&input.before, &input.after] {
            let mut pairs = side.windows(2).filter_map(|pair| pair.first().zip(pair.get(1)));
            // The end of a URL is the request's. A time cut, or with more digits, is out of the tolerance.
            let meeting = pairs.find(|(one, other)| {
                (is_value(one) && !self.profile.fresh.is_in(one) || **one == Part::Url) && is_value(other)
            });
            if let Some((one, other)) = meeting {
                let message = format!(
                    "expected text between {one} and {other}, unless the time of fresh is the first of them, but found none: \
                     the end of one could be moved to the other, under the same signature"
                );
                return Err(ConfigError::new("signature.input", message));
            }
        }
        Ok(())
    }

    fn input(&self) -> Option<&Input> {
        match &self.profile.scheme {
            Scheme::Body(scheme) => Some(&scheme.input),
            Scheme::Jose(scheme) => match &scheme.form {
                Form::Detached { input, .. } => Some(input),
                Form::Body | Form::Token { .. } => None,
            },
            Scheme::Http(_) | Scheme::Redirect(_) => None,
        }
    }

    fn url_is_known(&self) -> Result<(), ConfigError> {
        let input = self.input();
        if self.public_url || input.is_none_or(|input| !input.parts().any(|part| matches!(part, Part::Url))) {
            return Ok(());
        }
        let message = "expected the URL that the sender calls, for {url}, but found none";
        Err(ConfigError::new("public_url", message))
    }

    /// What a browser that comes back has to show, and what it cannot.
    fn redirect(&self, scheme: &Redirect) -> Result<(), ConfigError> {
        if self.bearer.is_some() || self.api_key.is_some() {
            let message = "expected no secret of a sender, because a browser shows none, but found one";
            return Err(ConfigError::new(if self.bearer.is_some() { "bearer" } else { "api_key" }, message));
        }
        if self.decryption.is_some() {
            return Err(ConfigError::new("decrypt", "expected keys only where a token is encrypted, but found some"));
        }
        if scheme.session.is_none() {
            let message = "expected session = { cookie = \"…\" }, which a state is bound to, or, said aloud, \"off\", \
                           but found nothing: without it, anybody's answer is taken in anybody's browser";
            return Err(ConfigError::new("redirect", message));
        }
        let (lifetime, least, most) = (self.profile.tolerance, SHORTEST_LIFETIME, LONGEST_LIFETIME);
        if self.profile.fresh != Fresh::Issued || lifetime < least || lifetime > most {
            let found = lifetime.as_secs();
            let message = format!("expected a lifetime of states from 60s to 24h, but found {found}s");
            return Err(ConfigError::new("redirect.lifetime", message));
        }
        if self.profile.identification != Identification::State {
            return Err(ConfigError::new("id", "expected the state to name the event, but found something else"));
        }
        Ok(())
    }

    fn no_token(&self) -> Result<(), ConfigError> {
        if matches!(self.profile.identification, Identification::Claim { .. } | Identification::State) {
            return Err(ConfigError::new(
                "id",
                "expected header, json or fingerprint, but found claim or state, which another sender has",
            ));
        }
        if self.decryption.is_some() {
            return Err(ConfigError::new("decrypt", "expected keys only where a token is encrypted, but found some"));
        }
        Ok(())
    }

    fn jose(&self, scheme: &Jose) -> Result<(), ConfigError> {
        self.keys_to_decrypt(scheme)?;
        if self.profile.identification == Identification::State {
            return Err(ConfigError::new("id", "expected an id of this sender, but found the state of a redirect"));
        }
        let in_authorization = matches!(&scheme.form, Form::Token { header, .. } if &**header == "authorization");
        if [self.bearer.is_some(), scheme.authorization.is_some(), in_authorization]
            .into_iter()
            .filter(|one| *one)
            .count()
            > 1
        {
            let message = "expected one kind of token in Authorization, but found two that could stand there";
            return Err(ConfigError::new("authorization", message));
        }
        let beside = !matches!(scheme.form, Form::Body);
        if beside && scheme.nesting != Nesting::Jws {
            let message = "expected nesting only where the body is the token, but found it for a token in a header";
            return Err(ConfigError::new("signature.nesting", message));
        }
        match (&scheme.form, &scheme.claims) {
            (Form::Token { .. }, None) => {
                return Err(ConfigError::new("signature.claims", "expected rules for the claims, but found none"));
            }
            (Form::Detached { .. }, Some(_)) => {
                let message = "expected no claims where the payload is not sent along, but found some";
                return Err(ConfigError::new("signature.claims", message));
            }
            _ => {}
        }
        if matches!(self.profile.identification, Identification::Claim { .. }) && scheme.claims.is_none() {
            return Err(ConfigError::new("id", "expected a token with claims, but found one without"));
        }
        self.parties(scheme)?;
        let rules = scheme.claims.iter().chain(scheme.authorization.iter().map(|one| &one.claims));
        if rules.into_iter().any(|rules| rules.leeway > ClaimRules::MOST_LEEWAY) {
            return Err(ConfigError::new("claims", "expected a leeway of at most 60s, but found more"));
        }
        Ok(())
    }

    /// Whom a token is for is compared, or it is said that it is not.
    fn parties(&self, scheme: &Jose) -> Result<(), ConfigError> {
        if self.profile.compares_no_audience() && !self.profile.tokens_for_others {
            let message = "expected the audience that we are, by with_parties, or, said aloud, accepting_tokens_for_others, \
                           but found none: somebody else's token would be taken";
            return Err(ConfigError::new("claims", message));
        }
        let rules = scheme.claims.iter().chain(scheme.authorization.iter().map(|one| &one.claims));
        if rules.into_iter().any(|rules| rules.iss.iter().chain(&rules.aud).any(|name| name.is_empty())) {
            return Err(ConfigError::new("claims", "expected names of issuers and audiences, but found an empty one"));
        }
        Ok(())
    }

    fn keys_to_decrypt(&self, scheme: &Jose) -> Result<(), ConfigError> {
        let wrong = |message| Err(ConfigError::new("decrypt", message));
        match (scheme.nesting.decrypts(), self.decryption) {
            (true, None) => wrong("expected a private key, because this sender encrypts, but found none"),
            (false, Some(_)) => wrong("expected keys only where a token is encrypted, but found some"),
            (true, Some(keys)) if keys.has_demo_key() && !self.demo_keys => wrong(
                "expected a private key of your own, but found a demo key, which everybody has; \
                 it is trusted only by a listener on loopback",
            ),
            _ => Ok(()),
        }
    }
}

fn may_hold_a_time(input: &Input) -> bool {
    input.parts().any(|part| matches!(part, Part::Header(_) | Part::Member(_)))
}
