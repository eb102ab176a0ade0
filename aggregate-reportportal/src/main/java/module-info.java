/** Sends test results to ReportPortal while the tests run. */
module org.atex.reportportal {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.atex.http;
    requires org.atex.support;
    requires org.slf4j;
    requires tools.jackson.core;
    requires tools.jackson.databind;

    exports org.atex.reportportal;
}
