//! The extractor of `axum-standardwebhooks`, as its documentation shows it.

use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use axum_standardwebhooks::{SharedWebhook, StandardWebhook, Webhook};
use base64::Engine;
use serde_json::Value;

#[derive(Clone)]
struct AppState {
    webhook: SharedWebhook,
}

impl FromRef<AppState> for SharedWebhook {
    fn from_ref(state: &AppState) -> Self {
        state.webhook.clone()
    }
}

async fn hook(StandardWebhook(Json(_)): StandardWebhook<Json<Value>>) -> StatusCode {
    StatusCode::NO_CONTENT
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::fs::read(std::env::var("KEY")?)?;
    let secret = base64::engine::general_purpose::STANDARD.encode(secret);
    let state = AppState { webhook: SharedWebhook::new(Webhook::new(&secret).map_err(|error| error.to_string())?) };
    let app = Router::new().route("/hook", post(hook)).with_state(state);
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{}", std::env::var("PORT")?)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
