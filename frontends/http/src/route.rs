//! Rows of the table of routes.

use crate::api::Api;
use crate::openapi::Operation;
use axum::Router;
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter};
use eventweir_web::Problem;
use http::header::ALLOW;
use http::{HeaderValue, StatusCode};

/// Holds what there is at one path, for the router and for the description alike.
pub(crate) struct Route {
    path: &'static str,
    methods: MethodRouter<Api>,
    operations: Vec<(Method, &'static Operation)>,
}

/// Names the methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Put,
    Post,
    Delete,
}

impl Method {
    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Put => MethodFilter::PUT,
            Self::Post => MethodFilter::POST,
            Self::Delete => MethodFilter::DELETE,
        }
    }

    /// Returns the method's name as `Allow` has it; what can be got can be asked for its head.
    fn allowed(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }

    /// Returns the method's name as OpenAPI has it.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Put => "put",
            Self::Post => "post",
            Self::Delete => "delete",
        }
    }
}

impl Route {
    /// Begins a row. The path is as axum has it: `{name}` is a segment, `{*name}` the rest.
    pub(crate) fn at(path: &'static str) -> Self {
        Self { path, methods: MethodRouter::new(), operations: Vec::new() }
    }

    /// Adds a method, with its handler and its description.
    pub(crate) fn on<H, T>(mut self, method: Method, handler: H, operation: &'static Operation) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        self.methods = self.methods.on(method.filter(), handler);
        self.operations.push((method, operation));
        self
    }

    /// Returns the path.
    pub(crate) fn path(&self) -> &'static str {
        self.path
    }

    /// Lists the methods with their descriptions.
    pub(crate) fn operations(&self) -> &[(Method, &'static Operation)] {
        &self.operations
    }

    /// Adds the row to a router; other methods are answered with those that there are.
    pub(crate) fn add_to(self, router: Router<Api>) -> Router<Api> {
        let names: Vec<_> = self.operations.iter().map(|(method, _)| method.allowed()).collect();
        let allow = names.join(", ");
        let refuse = move || std::future::ready(method_not_allowed(&allow));
        router.route(self.path, self.methods.fallback(refuse))
    }
}

/// Answers a path that nothing is at.
pub(crate) async fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this address; /openapi.json says what there is",
    )
}

fn method_not_allowed(allow: &str) -> Response {
    let detail = format!("this address takes {allow}");
    let mut response =
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).into_response();
    response.headers_mut().extend(HeaderValue::from_str(allow).map(|allow| (ALLOW, allow)));
    response
}
