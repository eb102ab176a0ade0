package org.atex.junitxml;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Element;
import org.xml.sax.SAXException;

class XmlTextTest {
    private static final String[] BITS = {
        "a",
        "]]>",
        "<",
        "&",
        "&amp;",
        ">",
        "\"",
        "'",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "\0",
        "\b",
        "\u001b",
        "\u001b[",
        "31m",
        "\u001b[31;1m",
        "\u001b]0;title\u0007",
        "\u001b]8;;x\u001b\\",
        "\u001b(B",
        "\u007f",
        "\u0085",
        "\u009b",
        "ü",
        "\u20ac",
        "\ud800",
        "\udc00",
        "\ud83d\ude00",
        "\ufffe",
        "\uffff",
        "\ufeff",
        "\u2028",
        "|",
        "[[ATTACHMENT|x]]"
    };

    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "plain,plain",
                "\u001b[31;1mred\u001b[0m text,red text",
                "\u001b]0;title\u0007x,x",
                "\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\,link",
                "\u001b(Bx\u001b7y\u001b=z,xyz",
                "\u001b\u001b[1mx,x",
                "a\u001b,a",
                "a\u001b[31,a",
                "\u0000\u0007,\ufffd\ufffd",
                "\ud800x\udc00,\ufffdx\ufffd",
                "\ud83d\ude00,\ud83d\ude00",
                "\ufffe\uffff,\ufffd\ufffd",
                "]]> & < \" ',]]> & < \" '",
            })
    void removesControlSequencesAndReplacesIllegalCharacters(String text, String read) throws IOException {
        assertThat(parse(text).getTextContent()).isEqualTo(read);
        assertThat(parse(text).getAttribute("a")).isEqualTo(read);
    }

    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "[[ATTACHMENT|/etc/shadow]],[ [ATTACHMENT|/etc/shadow]]",
                "x[[PROPERTY|a=b]]y,x[ [PROPERTY|a=b]]y",
                "[[[ATTACHMENT|x]],[[ [ATTACHMENT|x]]",
                "[[[[a[[b|c,[[[[a[ [b|c",
                "[[ATTACHMENT\u001b[0m|x]],[ [ATTACHMENT|x]]",
                "[\u001b]0;t\u0007[ATTACHMENT|x]],[ [ATTACHMENT|x]]",
                "[\u001b[1m[A\u001b[0mT|x,[ [AT|x",
                "[[AT\u00e9|x,[[AT\u00e9|x",
                "[[AT\u0000|x,[[AT\ufffd|x",
                "[[AT\ud83d\ude00|x,[[AT\ud83d\ude00|x",
                "if [[ -f x ]] || [[ a|b ]],if [[ -f x ]] || [[ a|b ]]",
                "a[[:alpha:]|x],a[[:alpha:]|x]",
                "[[,[[",
                "[[ATTACHMENT,[[ATTACHMENT",
                "[,[",
                "[|x [[|x,[|x [[|x",
            })
    void directivesForReadersAreDisabled(String text, String read) throws IOException {
        assertThat(parse(text).getTextContent()).isEqualTo(read);
        assertThat(parse(text).getAttribute("a")).isEqualTo(read);
    }

    @Test
    void keepsLineBreaksAndTabs() throws IOException {
        assertThat(parse("a\tb\nc\r\nd\re\r").getTextContent()).isEqualTo("a\tb\nc\nd\re\r");
        assertThat(parse("a\tb\nc\r\nd\re\r").getAttribute("a")).isEqualTo("a\tb\nc\nd\re\r");
    }

    @Test
    void unterminatedTitleEndsAtTheLineEnd() throws IOException {
        assertThat(parse("\u001b]0;title\nnext\u001b[\nlast").getTextContent()).isEqualTo("\nnext\nlast");
    }

    @Test
    void randomTextIsWellFormedAndParsedAsDocumented() throws IOException {
        Random random = new Random(11);
        for (int i = 0; i < 3000; i++) {
            StringBuilder text = new StringBuilder();
            for (int bits = random.nextInt(12); bits > 0; bits--) {
                text.append(
                        random.nextInt(3) == 0
                                ? "" + (char) random.nextInt(0x10000)
                                : BITS[random.nextInt(BITS.length)]);
            }
            Element read = parse(text.toString());
            assertThat(read.getTextContent()).isEqualTo(read.getAttribute("a"));
            if (text.indexOf("\u001b") < 0) {
                assertThat(read.getTextContent()).isEqualTo(expected(text.toString()));
            }
        }
    }

    @Test
    void randomBytesAreWellFormedForAnyBufferSize() throws IOException {
        Random random = new Random(12);
        for (int i = 0; i < 300; i++) {
            byte[] bytes = new byte[random.nextInt(20_000)];
            random.nextBytes(bytes);
            for (int j = 0; j < bytes.length; j++) {
                // Mostly text, so that there are complete characters.
                bytes[j] = bytes[j] % 3 == 0 ? bytes[j] : (byte) ('a' + (bytes[j] & 15));
            }
            String decoded = new String(bytes, StandardCharsets.UTF_8);
            String read = parse(bytes).getTextContent();
            if (decoded.indexOf('\u001b') < 0) {
                assertThat(withoutEnd(read)).isEqualTo(withoutEnd(expected(decoded)));
            }
        }
    }

    @Test
    void characterAcrossABufferBoundaryIsKept() throws IOException {
        for (int before = 8180; before < 8195; before++) {
            String text = "x".repeat(before) + "\ud83d\ude00ü\u20ac\r\n.";
            assertThat(parse(text.getBytes(StandardCharsets.UTF_8)).getTextContent())
                    .isEqualTo(text.replace("\r", ""));
        }
    }

    /** Removes the replacement of a character that is cut off at the end, which is omitted. */
    private static String withoutEnd(String text) {
        return text.replaceFirst("\ufffd+$", "");
    }

    private static String expected(String text) {
        StringBuilder expected = new StringBuilder();
        text.replace("\r\n", "\n").codePoints().forEach(c -> {
            boolean legal = c == 9
                    || c == 10
                    || c == 13
                    || (c >= 0x20 && c <= 0xd7ff)
                    || (c >= 0xe000 && c <= 0xfffd)
                    || c >= 0x10000;
            expected.appendCodePoint(legal ? c : 0xfffd);
        });
        return expected.toString().replaceAll("\\[(?=\\[[A-Za-z0-9_-]+\\|)", "[ ");
    }

    private static Element parse(String text) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(XmlText.ascii("<x a=\""));
        XmlText.attribute(out, text);
        out.writeBytes(XmlText.ascii("\">"));
        XmlText.text(out, text);
        return parse(out);
    }

    private static Element parse(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(XmlText.ascii("<x>"));
        XmlText.text(out, new ByteArrayInputStream(bytes), bytes.length);
        return parse(out);
    }

    private static Element parse(ByteArrayOutputStream out) throws IOException {
        out.writeBytes(XmlText.ascii("</x>"));
        try {
            return DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new ByteArrayInputStream(out.toByteArray()))
                    .getDocumentElement();
        } catch (SAXException | ParserConfigurationException e) {
            throw new AssertionError("not well-formed: " + out.toString(StandardCharsets.UTF_8), e);
        }
    }
}
