package org.atex.reportportal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.atex.artifacts.PlainText;

class TextTest {
    private static void assertAccepted(String text) {
        CharsetEncoder utf8 = StandardCharsets.UTF_8.newEncoder();
        assertThat(utf8.canEncode(text))
                .as("no half of a surrogate pair in %s", text)
                .isTrue();
        assertThat(text).doesNotContain("\u0000", "\u001b", "\u0007");
    }

    @Property
    void namesAreOneLineOfLimitedLength(@ForAll String text, @ForAll @IntRange(min = 2, max = 40) int max) {
        String name = Text.name(text, max);

        assertAccepted(name);
        assertThat(name).isNotBlank().doesNotContain("\n", "\r");
        assertThat(name.equals("(no name)") || name.length() <= max).isTrue();
    }

    @Property
    void messagesKeepTheirLines(@ForAll String text) {
        String message = PlainText.lines(text);

        assertAccepted(message);
        assertThat(message.chars().filter(c -> c == '\n').count())
                .isEqualTo(text.chars().filter(c -> c == '\n').count());
        assertThat(Text.description(text, 30)).hasSizeLessThanOrEqualTo(30);
    }
}
