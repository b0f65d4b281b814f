//! What must not compile: a handler that sees something unverified, stages in another order, a forgotten body.
//!
//! Each case says in its first lines what it tries, and the text beside it is the compiler's answer.

#[test]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
