//! Signatures of messages (TSIG, RFC 8945), with a key as `algorithm:name:base64`.

use data_encoding::BASE64_NOPAD;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::tsig::{TsigAlgorithm, TsigError};
use hickory_proto::rr::{TSigVerifier, TSigner};
use jiff::Timestamp;

use super::name::absolute;
use super::trouble::Trouble;

/// How far the clocks of both ends may be apart, in seconds: what every server uses.
const FUDGE: u16 = 300;

/// A key that messages are signed with.
#[derive(Clone)]
pub struct Key {
    signer: TSigner,
    name: String,
}

impl Key {
    /// Reads `hmac-sha256:migration-key:…`. No part of the secret is ever told.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = "it has to hold `algorithm:name:base64`, such as `hmac-sha256:migration-key:…`";
        let mut parts = text.trim().splitn(3, ':');
        let (Some(algorithm), Some(name), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(form.to_owned());
        };
        let algorithm = match algorithm.to_ascii_lowercase().trim_end_matches('.') {
            "hmac-sha256" => TsigAlgorithm::HmacSha256,
            "hmac-sha384" => TsigAlgorithm::HmacSha384,
            "hmac-sha512" => TsigAlgorithm::HmacSha512,
            "hmac-md5" | "hmac-md5.sig-alg.reg.int" | "hmac-sha1" | "hmac-sha224" => {
                return Err(
                    "its algorithm is no longer to be trusted: make a key with `tsig-keygen -a hmac-sha256`".to_owned()
                );
            }
            _ => return Err(format!("{form}; the algorithm is one of hmac-sha256, hmac-sha384 and hmac-sha512")),
        };
        let secret = secret.trim_end_matches('=').as_bytes();
        let secret =
            BASE64_NOPAD.decode(secret).ok().filter(|secret| !secret.is_empty()).ok_or("its last part is no base64")?;
        // Servers know a key's name in lower case, and it is a part of what is signed.
        let name = absolute(&name.to_ascii_lowercase()).map_err(|why| format!("its name cannot be read: {why}"))?;
        let shown = super::name::shown(&name);
        let signer = TSigner::new(secret, algorithm, name, FUDGE).map_err(|error| error.to_string())?;
        Ok(Self { signer, name: shown.trim_end_matches('.').to_owned() })
    }

    /// Signs a message. What comes back verifies its answer.
    pub(super) fn sign(&self, message: &mut Message, now: Timestamp) -> Result<Signed, Trouble> {
        let now = u64::try_from(now.as_second()).unwrap_or_default();
        let unsigned = |why: String| Trouble::Garbled(format!("the message cannot be signed: {why}"));
        let verifier = message.finalize(&self.signer, now).map_err(|error| unsigned(error.to_string()))?;
        let verifier = verifier.ok_or_else(|| unsigned("no signature was made".to_owned()))?;
        Ok(Signed { verifier, key: self.name.clone(), now })
    }
}

/// What the answer to a signed message has to fit.
pub(super) struct Signed {
    verifier: TSigVerifier,
    key: String,
    now: u64,
}

impl Signed {
    /// Whether the answer is the server's, and what is wrong with our own signature where it says so.
    pub(super) fn verify(mut self, bytes: &[u8], answer: &Message, server: &str) -> Result<(), Trouble> {
        let key = &self.key;
        let Some(record) = answer.signature() else {
            // Servers that do not know of signatures, or of this key, say no without one.
            return Err(match answer.response_code {
                ResponseCode::NoError | ResponseCode::NXDomain => {
                    Trouble::Garbled(format!("the answer of {server} is not signed, so it may be anybody's"))
                }
                code => {
                    let (why, _) = super::trouble::in_words(code, server, "the zone");
                    let hint = format!("the answer is not signed: the server may not know the key `{key}`");
                    Trouble::Denied { why, hint }
                }
            });
        };
        let tsig = &record.data;
        match tsig.error {
            None | Some(TsigError::Unknown(0)) => {}
            Some(error) => return Err(self.denied(error, &tsig.other, server)),
        }
        if tsig.time < u64::from(tsig.fudge) {
            return Err(Trouble::Garbled(format!("the signature of {server} has no time that could be")));
        }
        match self.verifier.verify(bytes) {
            Ok(_) => Ok(()),
            Err(error) => Err(Trouble::Garbled(format!(
                "the answer of {server} is not rightly signed with the key `{key}`: {error}"
            ))),
        }
    }

    fn denied(&self, error: TsigError, other: &[u8], server: &str) -> Trouble {
        let key = &self.key;
        let (why, hint) = match error {
            TsigError::BadKey => (
                format!("{server} does not know the key `{key}` (BADKEY)"),
                "its name and algorithm have to be those of the server's configuration".to_owned(),
            ),
            TsigError::BadSig => (
                format!("{server} does not accept the signature of the key `{key}` (BADSIG)"),
                "the key has another secret, or another algorithm, there".to_owned(),
            ),
            TsigError::BadTime => (format!("{server} does not accept when it was signed (BADTIME)"), self.skew(other)),
            TsigError::BadTrunc => {
                (format!("{server} wants a longer signature (BADTRUNC)"), "see the key's algorithm there".to_owned())
            }
            TsigError::Unknown(code) => {
                (format!("{server} does not accept the signature ({code})"), "its log may say more".to_owned())
            }
        };
        Trouble::Denied { why, hint }
    }

    /// By how much the clocks differ: the server says what it has.
    fn skew(&self, other: &[u8]) -> String {
        let apart = "the clocks may be five minutes apart at most";
        if other.len() != 6 {
            return format!("{apart}: look at both");
        }
        let theirs = other.iter().fold(0, |time, &byte| time << 8 | u64::from(byte));
        let seconds = theirs.abs_diff(self.now);
        let which = if theirs > self.now { "behind" } else { "ahead of" };
        format!("this machine's clock is {seconds} s {which} the server's, and {apart}")
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{MessageType, OpCode};

    use super::*;

    const KEY: &str = "hmac-sha256:Migration-Key:c2VjcmV0IHNlY3JldCBzZWNyZXQ=";

    #[test]
    fn keys_say_what_is_wrong_and_never_what_is_secret() {
        assert_eq!(Key::parse(KEY).map(|key| key.name).as_deref(), Ok("migration-key"));
        assert!(Key::parse(&format!("{KEY}\n")).is_ok());
        let form = "it has to hold `algorithm:name:base64`, such as `hmac-sha256:migration-key:…`";
        let other = format!("{form}; the algorithm is one of hmac-sha256, hmac-sha384 and hmac-sha512");
        for (text, due) in [
            ("c2VjcmV0", form),
            ("hmac-sha256:c2VjcmV0", form),
            ("hmac-sha3:k:c2VjcmV0", &other),
            (
                "hmac-md5:k:c2VjcmV0",
                "its algorithm is no longer to be trusted: make a key with `tsig-keygen -a hmac-sha256`",
            ),
            ("hmac-sha256:k:s e c", "its last part is no base64"),
            ("hmac-sha256::c2VjcmV0", "its name cannot be read: a part of the name is empty"),
        ] {
            assert_eq!(Key::parse(text).err().as_deref(), Some(due), "{text}");
        }
    }

    /// A question that was signed, and its answer, signed as `made` says.
    fn verified(made: impl FnOnce(&mut Message, u64, &TSigner, Vec<u8>)) -> Result<(), String> {
        let key = Key::parse(KEY).unwrap();
        let now = Timestamp::from_second(1_600_000_000).unwrap();
        let mut question = Message::query();
        let signed = key.sign(&mut question, now).ok().unwrap();
        let mac = question.signature().unwrap().data.mac.clone();
        let mut answer = Message::response(question.id, OpCode::Query);
        answer.metadata.message_type = MessageType::Response;
        made(&mut answer, 1_600_000_000, &key.signer, mac);
        let bytes = answer.to_vec().unwrap();
        signed.verify(&bytes, &answer, "ns1").map_err(|trouble| match trouble {
            Trouble::Denied { why, hint } => format!("{why}; {hint}"),
            other => other.why(),
        })
    }

    fn signed_by(answer: &mut Message, now: u64, signer: &TSigner, mac: Vec<u8>, error: Option<TsigError>) {
        let context = hickory_proto::rr::TSigResponseContext::new(answer.id, now, signer.clone(), mac, error);
        let signature = context.sign(&answer.to_vec().unwrap()).unwrap();
        answer.set_signature(signature);
    }

    #[test]
    fn answers_are_verified() {
        assert_eq!(verified(|answer, now, signer, mac| signed_by(answer, now, signer, mac, None)), Ok(()));
        let other = Key::parse("hmac-sha256:migration-key:b3RoZXIgb3RoZXIgb3RoZXI=").unwrap();
        let forged = verified(|answer, now, _, mac| signed_by(answer, now, &other.signer, mac, None));
        assert!(forged.unwrap_err().contains("not rightly signed with the key `migration-key`"));
        let replayed = verified(|answer, now, signer, _| signed_by(answer, now, signer, vec![0; 32], None));
        assert!(replayed.unwrap_err().contains("not rightly signed"));
        let old = verified(|answer, now, signer, mac| signed_by(answer, now - 1000, signer, mac, None));
        assert!(old.unwrap_err().contains("not rightly signed"));
        let unsigned = verified(|_, _, _, _| ());
        assert_eq!(unsigned.unwrap_err(), "the answer of ns1 is not signed, so it may be anybody's");
        let no_time = verified(|answer, _, signer, mac| signed_by(answer, 0, signer, mac, None));
        assert!(no_time.unwrap_err().contains("no time that could be"));
    }

    #[test]
    fn what_a_server_says_of_our_signature_is_told_in_words() {
        let refused = |error: TsigError, other: Vec<u8>| {
            verified(move |answer, now, signer, _| {
                answer.metadata.response_code = ResponseCode::NotAuth;
                let mut record = signer.sign_message(&Message::query(), now).unwrap().0;
                record.data.error = Some(error);
                record.data.other = other;
                answer.set_signature(record);
            })
            .unwrap_err()
        };
        let key = "ns1 does not know the key `migration-key` (BADKEY); its name and algorithm have to be those of the server's configuration";
        assert_eq!(refused(TsigError::BadKey, vec![]), key);
        assert!(refused(TsigError::BadSig, vec![]).contains("another secret"));
        let theirs = 1_600_000_900_u64.to_be_bytes()[2..].to_vec();
        let clock = "ns1 does not accept when it was signed (BADTIME); this machine's clock is 900 s behind the server's, \
                     and the clocks may be five minutes apart at most";
        assert_eq!(refused(TsigError::BadTime, theirs), clock);
    }
}
