/** Sends a run as spans and metrics of OpenTelemetry. */
module org.atex.opentelemetry {
    requires transitive io.opentelemetry.api;
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires io.opentelemetry.context;
    requires org.atex.artifacts;

    exports org.atex.opentelemetry;
}
