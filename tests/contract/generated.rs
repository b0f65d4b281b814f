//! The code beside `examples/grpc/payments.proto` is what its protocol says.

use std::path::Path;

#[test]
fn the_generated_code_is_what_the_protocol_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/grpc");
    let protocol = protox::compile(["payments.proto"], [&folder]).unwrap();
    let written = tempfile::tempdir().unwrap();
    let build = tonic_prost_build::configure().out_dir(written.path()).emit_rerun_if_changed(false);
    build.compile_fds(protocol).unwrap();
    let fresh = std::fs::read_to_string(written.path().join("example.payments.v1.rs")).unwrap();
    let committed = folder.join("generated.rs");
    if std::env::var_os("GENERATED").is_some_and(|word| word == "overwrite") {
        std::fs::write(&committed, &fresh).unwrap();
    }
    let found = std::fs::read_to_string(&committed).unwrap_or_default();
    assert!(fresh == found, "expected {} as generated; run this test with GENERATED=overwrite", committed.display());
}
