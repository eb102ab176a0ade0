/** Sends test results to ReportPortal while the tests run. */
module org.atex.reportportal {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.atex.support;
    requires org.apache.httpcomponents.client5.httpclient5;
    requires org.apache.httpcomponents.core5.httpcore5;
    requires org.slf4j;
    requires tools.jackson.core;
    requires tools.jackson.databind;

    exports org.atex.reportportal;
}
