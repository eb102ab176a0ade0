/**
 * The HTTP client that the modules of this project share. The package is exported to these modules only, and may change in
 * any release.
 */
@SuppressWarnings("module") // the modules that may read this one are compiled after it
module org.atex.http {
    requires transitive org.apache.httpcomponents.client5.httpclient5;
    requires transitive org.apache.httpcomponents.core5.httpcore5;
    requires static org.jspecify;
    requires org.atex.support;

    exports org.atex.http to
            org.atex.reportportal,
            org.atex.ssh,
            org.atex.testingfarm;
}
