#![forbid(unsafe_code)]
pub mod clock;
pub mod crypto;
pub mod wire {
    pub mod time {
        pub fn format_rfc3339(_: i64) -> String {
            String::new()
        }
    }
}
