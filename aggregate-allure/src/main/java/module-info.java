/** Writes test results in the format of Allure. */
module org.atex.allure {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.slf4j;
    requires tools.jackson.core;

    exports org.atex.allure;
}
