//! An endpoint for which nobody decided what remembers.

use countersign::Endpoint;
use countersign::profile::Profile;

fn main() {
    let _ = Endpoint::builder("bank", Profile::tribe()).build();
}
