//! Closed lists of words that senders extend without notice. A word nobody listed is kept as it came, never refused.

/// Makes an enum of words: one variant for each listed word and `Unknown` for every other.
///
/// Words are compared exactly, letter case included. The enum reads from and writes to a JSON string.
macro_rules! words {
    (
        $(#[$outer:meta])*
        pub enum $name:ident { $( $(#[$inner:meta])* $variant:ident = $word:literal, )+ }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$inner])* $variant, )+
            /// A word outside the sender's published list, as received.
            Unknown(String),
        }

        impl $name {
            /// The published words, in the order of the publication.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The word as the wire spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Unknown(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $( $word => Self::$variant, )+
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                /// Reads a word where it stands: a listed one needs no memory.
                struct Word;

                impl serde::de::Visitor<'_> for Word {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E>(self, word: &str) -> Result<$name, E> {
                        Ok($name::from(word))
                    }
                }

                deserializer.deserialize_str(Word)
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro makes public enums")]
mod tests {
    words! {
        /// Two words.
        pub enum Colour {
            /// The colour of a stop sign.
            Red = "red",
            /// The colour of grass.
            Green = "GREEN-1",
        }
    }

    #[test]
    fn every_listed_word_comes_back_as_spelled() {
        for word in Colour::WORDS {
            let colour = Colour::from(*word);
            assert!(!matches!(colour, Colour::Unknown(_)));
            assert_eq!(colour.to_string(), *word);
        }
        assert_eq!(Colour::WORDS, ["red", "GREEN-1"]);
    }

    #[test]
    fn an_unknown_word_passes_through() {
        let colour: Colour = serde_json::from_str("\"mauve\"").unwrap();
        assert_eq!(colour, Colour::Unknown("mauve".into()));
        assert_eq!(serde_json::to_string(&colour).unwrap(), "\"mauve\"");
    }

    #[test]
    fn another_letter_case_is_another_word() {
        assert_eq!(Colour::from("Red"), Colour::Unknown("Red".into()));
    }

    #[test]
    fn what_is_not_a_string_is_not_a_word() {
        for json in ["1", "null", "true", "[\"red\"]", "{\"red\":null}"] {
            assert!(serde_json::from_str::<Colour>(json).is_err(), "{json}");
        }
    }
}
