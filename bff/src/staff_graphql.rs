//! The staff's schema: sign in, the queue of refunds, decisions on them, the audit trail. Apart
//! from the public one, behind a door of its own.

mod apps;
mod audit;
mod rating;
mod refund;
mod report;
mod search;
mod session;
mod supervision;

pub(crate) use session::refusal;

use crate::graphql::Introspection;
use crate::graphql::error::FailureCode;
use crate::graphql::scalars::Day;
use async_graphql::{Context, EmptySubscription, Object, Result, Schema};
use domain::casework::rating::{RatingStore, RecordVisit};
use domain::casework::supervision::SupervisionStore;
use domain::catalogue::{FindApps, PublishApps};
use domain::identity::{AuditTrail, Secret, SignInStaff, StaffAccount, StaffRole, StaffSessions};
use domain::payment::{DecideRefund, RefundStore, RequestRefund};
use std::sync::Arc;

/// Everything a resolver may call.
#[derive(Clone)]
pub struct StaffUseCases {
    /// Signs in.
    pub sign_in: Arc<SignInStaff>,
    /// Ends sessions.
    pub sessions: Arc<dyn StaffSessions>,
    /// Reads refunds.
    pub refunds: Arc<dyn RefundStore>,
    /// Asks for one.
    pub request_refund: Arc<RequestRefund>,
    /// Decides on one.
    pub decide_refund: Arc<DecideRefund>,
    /// Publishes versions of the catalogue.
    pub publish_apps: Arc<PublishApps>,
    /// Reads ratings and visits.
    pub ratings: Arc<dyn RatingStore>,
    /// Records visits.
    pub record_visit: Arc<RecordVisit>,
    /// Reads marks on late cases.
    pub supervision: Arc<dyn SupervisionStore>,
    /// Knows what was searched for in vain.
    pub find_apps: Arc<FindApps>,
    /// Reads what was done.
    pub audit: Arc<dyn AuditTrail>,
    /// Reads the books.
    pub reports: Arc<crate::ReportParts>,
}

/// Who asks; made by the HTTP layer for every request.
pub struct StaffRequester {
    /// The account and the token of its session; `None`: nobody has signed in.
    pub session: Option<(StaffAccount, Secret)>,
}

/// The executable schema.
pub type StaffSchema = Schema<StaffQuery, StaffMutation, EmptySubscription>;

/// A page of refunds with all that belongs to each has 5 levels.
const MAX_DEPTH: usize = 12;
/// A page of 100 refunds with everything weighs about 8,000.
const MAX_COMPLEXITY: usize = 20_000;
const MAX_RECURSION: usize = 24;
const MAX_DIRECTIVES: usize = 5;

/// Builds the schema over the use cases, with the library's limits on.
pub fn schema(use_cases: StaffUseCases, introspection: Introspection) -> StaffSchema {
    let builder = Schema::build(StaffQuery, StaffMutation, EmptySubscription)
        .data(use_cases)
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_recursive_depth(MAX_RECURSION)
        .limit_directives(MAX_DIRECTIVES);
    match introspection {
        Introspection::On => builder.finish(),
        Introspection::Off => builder.disable_introspection().disable_suggestions().finish(),
    }
}

/// The schema definition.
pub fn sdl() -> String {
    Schema::build(StaffQuery, StaffMutation, EmptySubscription).finish().sdl()
}

fn use_cases<'a>(ctx: &Context<'a>) -> &'a StaffUseCases {
    ctx.data_unchecked::<StaffUseCases>()
}

/// The account in its session, or the failure NOT_SIGNED_IN.
fn signed_in<'a>(ctx: &Context<'a>) -> Result<&'a StaffAccount> {
    let session = ctx.data_unchecked::<StaffRequester>().session.as_ref();
    session.map(|(account, _)| account).ok_or_else(|| FailureCode::NotSignedIn.error())
}

/// The account, if it has this role; else the failure NOT_ALLOWED.
fn with_role<'a>(ctx: &Context<'a>, role: &StaffRole) -> Result<&'a StaffAccount> {
    let account = signed_in(ctx)?;
    if account.has(role) { Ok(account) } else { Err(FailureCode::NotAllowed.error()) }
}

/// What staff can read.
pub struct StaffQuery;

/// What staff can read.
#[Object]
impl StaffQuery {
    /// The account that asks.
    async fn me(&self, ctx: &Context<'_>) -> Result<session::Staff> {
        Ok(session::Staff(signed_in(ctx)?.clone()))
    }

    /// Refunds in order of their making; an agency sees those of its own notices.
    #[graphql(complexity = "first.clamp(0, 100) as usize * child_complexity + 1")]
    async fn refunds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that stand so; left out: all.")] status: Option<
            Vec<crate::graphql::refund::RefundStatus>,
        >,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
    ) -> Result<refund::RefundConnection> {
        refund::queue(ctx, status, first, after).await
    }

    /// One refund; null when there is none of this number.
    async fn refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number.")] refund_no: String,
    ) -> Result<Option<refund::StaffRefund>> {
        refund::one(ctx, &refund_no).await
    }

    /// Bad ratings that wait for a visit-back, the earliest due first; for checkers. Nothing of it
    /// leads to a case or a person.
    #[graphql(complexity = "first.clamp(0, 100) as usize * child_complexity + 1")]
    async fn visit_backs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this department's; left out: all.")] department: Option<String>,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
    ) -> Result<rating::VisitBackConnection> {
        rating::visits(ctx, department, (first, after)).await
    }

    /// How departments were rated from that day to that day, by name.
    #[graphql(complexity = "100 * child_complexity + 1")]
    async fn department_ratings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day.")] from: Day,
        #[graphql(desc = "The last day.")] to: Day,
    ) -> Result<Vec<rating::DepartmentRating>> {
        rating::figures(ctx, from, to).await
    }

    /// Cases near or past their promised day, the earliest promised first.
    #[graphql(complexity = "first.clamp(0, 100) as usize * child_complexity + 1")]
    async fn supervision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this department's; left out: all.")] department: Option<String>,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
    ) -> Result<supervision::SupervisionConnection> {
        supervision::list(ctx, department, (first, after)).await
    }

    /// The books of these days (Beijing), summed up by rail, region, agency, item and destination; at most 366 days.
    #[graphql(complexity = "200 * child_complexity + 1")]
    async fn settlement_summary(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day.")] from: Day,
        #[graphql(desc = "The last day.")] to: Day,
    ) -> Result<report::SettlementSummary> {
        report::summary(ctx, from, to).await
    }

    /// Payments of these days (Beijing) whose end is open, in order of making.
    #[graphql(complexity = "first.clamp(0, 100) as usize * child_complexity + 1")]
    async fn unsettled_payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day.")] from: Day,
        #[graphql(desc = "The last day.")] to: Day,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "`endCursor` of the page before; left out: from the beginning.")]
        after: Option<String>,
    ) -> Result<report::UnsettledConnection> {
        report::unsettled(ctx, (from, to), (first, after)).await
    }

    /// What staff did, newest first; for auditors.
    #[graphql(complexity = "first.clamp(0, 100) as usize * child_complexity + 1")]
    async fn audit(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "Only lines before this one; left out: from the newest.")] before: Option<
            String,
        >,
    ) -> Result<Vec<audit::AuditEntry>> {
        audit::list(ctx, first, before).await
    }

    /// What citizens searched for and found nothing, the most frequent first; for editors and
    /// operators. Counted over all servers.
    #[graphql(complexity = "first.clamp(0, 100) as usize * child_complexity + 1")]
    async fn zero_results(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50, desc = "So many at most, 1 to 100.")] first: i32,
    ) -> Result<Vec<search::ZeroResult>> {
        search::zero_results(ctx, first).await
    }

    /// Versions of the catalogue, the newest first; for editors and auditors.
    #[graphql(complexity = "first.clamp(0, 100) as usize * child_complexity + 1")]
    async fn apps_versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "So many at most, 1 to 100.")] first: i32,
        #[graphql(desc = "Only versions before this one; left out: from the newest.")]
        before: Option<i32>,
    ) -> Result<Vec<apps::AppsVersion>> {
        apps::versions(ctx, first, before).await
    }

    /// The files of a version whose paths begin so; at most 200.
    #[graphql(complexity = "200 * child_complexity + 1")]
    async fn apps_files(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which version.")] version: i32,
        #[graphql(default, desc = "How the paths begin.")] under: String,
    ) -> Result<Vec<apps::AppsFile>> {
        apps::files(ctx, version, &under).await
    }

    /// What differs between two versions.
    #[graphql(complexity = "200 * child_complexity + 1")]
    async fn apps_diff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The version before.")] from: i32,
        #[graphql(desc = "The version after.")] to: i32,
    ) -> Result<Vec<apps::AppsChange>> {
        apps::diff(ctx, from, to).await
    }

    /// What editors have written and not published, what it would change, and its faults.
    #[graphql(complexity = "200 * child_complexity + 1")]
    async fn apps_draft(&self, ctx: &Context<'_>) -> Result<apps::AppsDraft> {
        apps::draft(ctx).await
    }

    /// Recomputes the whole chain; for auditors.
    async fn audit_verdict(&self, ctx: &Context<'_>) -> Result<audit::AuditVerdict> {
        audit::verdict(ctx).await
    }
}

/// What staff can do.
pub struct StaffMutation;

/// What staff can do.
#[Object]
impl StaffMutation {
    /// Opens a session of half an hour.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name and password.")] input: session::StaffSignInInput,
    ) -> Result<session::StaffSignInPayload> {
        session::sign_in(ctx, input).await
    }

    /// Ends this session.
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<bool> {
        session::sign_out(ctx).await
    }

    /// Keeps a file of the catalogue as a draft; for editors.
    async fn save_apps_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The files as they should become.")] input: apps::SaveAppsDraftInput,
    ) -> Result<apps::AppsDraftPayload> {
        apps::save(ctx, input).await
    }

    /// Forgets the draft of one file.
    async fn discard_apps_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which file; left out: all.")] path: String,
    ) -> Result<apps::AppsDraftPayload> {
        apps::discard(ctx, &path).await
    }

    /// Publishes all drafts as a new version: every server serves it within seconds. With any
    /// fault nothing is published, and all are told.
    async fn publish_apps(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which version, and why.")] input: apps::PublishAppsInput,
    ) -> Result<apps::PublishAppsPayload> {
        apps::publish(ctx, input).await
    }

    /// Publishes the files of an old version again, under a new number.
    async fn roll_back_apps(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To which version.")] input: apps::RollBackAppsInput,
    ) -> Result<apps::PublishAppsPayload> {
        apps::roll_back(ctx, input).await
    }

    /// Records what came of a visit-back, once, in words that the citizen reads; for checkers.
    async fn record_visit_back(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What came of the visit.")] input: rating::RecordVisitBackInput,
    ) -> Result<rating::RecordVisitBackPayload> {
        rating::record(ctx, input).await
    }

    /// Asks for a refund on a payer's behalf; a clerk for any notice, an agency for its own.
    async fn request_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which payment, how much and why.")]
        input: refund::StaffRequestRefundInput,
    ) -> Result<refund::StaffRefundsPayload> {
        refund::request(ctx, input).await
    }

    /// Agrees as the first of the two persons: the agency, or the checker of money that no
    /// agency had.
    async fn check_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number.")] refund_no: String,
    ) -> Result<refund::StaffRefundPayload> {
        refund::decide(ctx, &refund_no, domain::payment::RefundAct::Check).await
    }

    /// Agrees for the next level of finance.
    async fn approve_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number.")] refund_no: String,
    ) -> Result<refund::StaffRefundPayload> {
        refund::decide(ctx, &refund_no, domain::payment::RefundAct::Approve).await
    }

    /// Refuses, in words for the payer.
    async fn reject_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number.")] refund_no: String,
        #[graphql(desc = "What the payer reads.")] reason: String,
    ) -> Result<refund::StaffRefundPayload> {
        refund::decide(ctx, &refund_no, domain::payment::RefundAct::Reject(reason)).await
    }

    /// Names another account for a refund that cannot reach the payer.
    async fn name_refund_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account, and whose it is.")] input: refund::NameRefundAccountInput,
    ) -> Result<refund::StaffRefundPayload> {
        refund::name_account(ctx, input).await
    }

    /// Agrees, as a second person, to the account that was named.
    async fn agree_to_refund_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number.")] refund_no: String,
    ) -> Result<refund::StaffRefundPayload> {
        refund::decide(ctx, &refund_no, domain::payment::RefundAct::AgreeToAccount).await
    }
}
