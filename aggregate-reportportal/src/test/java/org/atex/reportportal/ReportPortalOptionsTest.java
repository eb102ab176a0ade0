package org.atex.reportportal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReportPortalOptionsTest {
    private static final String TOKEN = "atex_secret";

    private static ReportPortalProject at(String endpoint) {
        return ReportPortalProject.of(URI.create(endpoint), "kernel", TOKEN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://portal.example.com", "http://127.0.0.1.example.com/", "http://10.0.0.1:8080/rp"})
    void httpToAnotherMachineMustBeAllowed(String endpoint, @TempDir Path directory) {
        Path spool = directory.resolve("spool");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReportPortalAggregator.open(spool, at(endpoint), ReportPortalOptions.defaults()))
                .withMessageContaining("without encryption")
                .withMessageContaining("withInsecureHttp")
                .withMessageNotContaining(TOKEN);
        assertThatCode(() -> ReportPortalAggregator.open(
                                spool, at(endpoint).withInsecureHttp(), ReportPortalOptions.defaults())
                        .close())
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"https://portal.example.com/rp/", "http://localhost:8080", "http://[::1]:80", "http://127.0.0.9"
            })
    void otherEndpointsAreAllowed(String endpoint) {
        assertThatCode(() -> at(endpoint).checkEncryption()).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "portal.example.com",
                "ftp://portal.example.com",
                "https:///path",
                "https://user:atex_secret@portal.example.com",
                "https://portal.example.com/?key=atex_secret",
                "https://portal.example.com/#atex_secret"
            })
    void otherAddressesAreRejectedWithoutTheirSecrets(String endpoint) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> at(endpoint))
                .withMessageContaining("the endpoint must")
                .withMessageNotContaining(TOKEN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "two words", "line\nbreak", "schlüssel"})
    void tokenThatIsNoneIsRejectedAndNotShown(String token) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReportPortalProject.of(URI.create("https://portal.example.com"), "kernel", token))
                .withMessageContaining("the token for https://portal.example.com is blank")
                .withMessageNotContaining("words")
                .withMessageNotContaining("schlüssel");
    }

    @Test
    void limitsAreChecked() {
        ReportPortalOptions options = ReportPortalOptions.defaults();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReportPortalProject.of(URI.create("https://portal.example.com"), " ", TOKEN))
                .withMessageContaining("the project needs a name");
        assertThatIllegalArgumentException().isThrownBy(() -> options.withInlineBytes(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> options.withInlineBytes(2 << 20));
        assertThatIllegalArgumentException().isThrownBy(() -> options.withAttachmentBytes(10));
        assertThatIllegalArgumentException().isThrownBy(() -> options.withSenders(0));
        assertThatIllegalArgumentException().isThrownBy(() -> options.withLimit(Duration.ofSeconds(-1)));
        assertThat(at("https://portal.example.com")).hasToString("project kernel at https://portal.example.com");
    }
}
