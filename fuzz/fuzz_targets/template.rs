//! Templates: a printed template reads as the same one, and the body is in it exactly once.
#![no_main]

use countersign::wire::template::{Part, Template};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(template) = Template::parse(text) else { return };
    assert_eq!(template.parts().iter().filter(|part| **part == Part::Body).count(), 1);
    assert_eq!(Template::parse(&template.to_string()), Ok(template));
});
