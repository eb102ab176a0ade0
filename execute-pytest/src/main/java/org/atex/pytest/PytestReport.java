package org.atex.pytest;

import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/**
 * Reads the JUnit XML of pytest. A test may have written it: document types, and with them entities, are refused, and
 * memory use does not grow with the number of cases. Not thread-safe.
 */
final class PytestReport {
    /** The largest report that is read. */
    static final int MAX_BYTES = 32 << 20;

    private static final int MAX_MESSAGE = 500;
    private static final int MAX_NAME = 4000;
    private static final int MAX_TEXT = 64 << 10;

    private final XMLStreamReader xml;

    private PytestReport(XMLStreamReader xml) {
        this.xml = xml;
    }

    /** Receives the cases of a report. */
    interface Cases {
        void add(CaseResult result) throws IOException;
    }

    /** The report is incomplete or malformed; the message says where and why. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Reads a report.
     *
     * @param file the report, of at most {@link #MAX_BYTES}
     * @param to receives each case, also those before an error
     * @throws MalformedException if it is not a complete report
     * @throws IOException if the file cannot be read, or a case cannot be stored
     */
    static void read(Path file, Cases to) throws IOException, MalformedException {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        // The JDK counts the document as an entity. The size of the file is the limit for it, and there are no others.
        factory.setProperty("jdk.xml.maxGeneralEntitySizeLimit", "0");
        factory.setProperty("jdk.xml.totalEntitySizeLimit", "0");
        // Not Files.newInputStream: an interrupt closes its channel.
        try (InputStream in = new BufferedInputStream(new FileInputStream(file.toFile()))) {
            XMLStreamReader xml = factory.createXMLStreamReader(in);
            try {
                new PytestReport(xml).read(to);
            } finally {
                xml.close();
            }
        } catch (XMLStreamException e) {
            throw new MalformedException(
                    "it is not complete XML: "
                            + oneLine(
                                    String.valueOf(e.getMessage()).replaceFirst("(?s)^ParseError at .*?Message: ", ""))
                            + (e.getLocation() == null
                                    ? ""
                                    : " (line " + e.getLocation().getLineNumber() + ")"),
                    e);
        }
    }

    private void read(Cases to) throws XMLStreamException, IOException, MalformedException {
        boolean suite = false;
        while (xml.hasNext()) {
            int event = xml.next();
            if (event == XMLStreamConstants.DTD) {
                throw new MalformedException("it has a document type, which pytest does not write", null);
            }
            if (event == XMLStreamConstants.START_ELEMENT) {
                switch (xml.getLocalName()) {
                    case "testsuites" -> {}
                    case "testsuite" -> suite = true;
                    case "testcase" -> {
                        if (!suite) {
                            throw new MalformedException("it has a case outside of a suite", null);
                        }
                        to.add(readCase());
                    }
                    default -> {
                        if (!suite) {
                            throw new MalformedException(
                                    "it begins with <" + oneLine(xml.getLocalName()) + "> instead of a suite", null);
                        }
                        var unused = skip();
                    }
                }
            }
        }
        if (!suite) {
            throw new MalformedException("it has no suite", null);
        }
    }

    private CaseResult readCase() throws XMLStreamException {
        String file = attribute("file");
        String name = caseName(file, attribute("classname"), attribute("name"));
        Double seconds = seconds(attribute("time"));
        CaseResult.Kind kind = CaseResult.Kind.PASSED;
        String message = null;
        while (xml.next() != XMLStreamConstants.END_ELEMENT) {
            if (xml.getEventType() == XMLStreamConstants.START_ELEMENT) {
                CaseResult.Kind found = kind(xml.getLocalName(), attribute("type"));
                String own = attribute("message");
                String text = skip();
                // The first result counts: pytest writes one for each case.
                if (found != null && kind == CaseResult.Kind.PASSED) {
                    kind = found;
                    message = oneLine(own.equals("collection failure") ? own + lastError(text) : own);
                }
            }
        }
        return new CaseResult(file, name, kind, message == null || message.isEmpty() ? null : message, seconds);
    }

    private static CaseResult.@Nullable Kind kind(String element, String type) {
        return switch (element) {
            case "failure" -> CaseResult.Kind.FAILED;
            case "error" -> CaseResult.Kind.ERROR;
            case "skipped" -> type.equals("pytest.xfail") ? CaseResult.Kind.XFAILED : CaseResult.Kind.SKIPPED;
            default -> null;
        };
    }

    private String attribute(String name) {
        String value = xml.getAttributeValue(null, name);
        return value == null ? "" : value;
    }

    /** Skips the current element. {@return the beginning of its own text} */
    private String skip() throws XMLStreamException {
        StringBuilder text = new StringBuilder();
        for (int depth = 1; depth > 0; ) {
            switch (xml.next()) {
                case XMLStreamConstants.START_ELEMENT -> depth++;
                case XMLStreamConstants.END_ELEMENT -> depth--;
                case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> {
                    if (text.length() < MAX_TEXT) {
                        text.append(xml.getText());
                    }
                }
                default -> {}
            }
        }
        return text.toString();
    }

    /**
     * {@return the part of a node id after the file} The class name is the node id without the case, with dots: {@code
     * tests.test_disk.TestSize} in {@code tests/test_disk.py}.
     */
    private static String caseName(String file, String classname, String name) {
        String module = file.replaceFirst("\\.py$", "").replace('/', '.');
        String classes = classname.equals(module)
                ? ""
                : classname.startsWith(module + ".") && !module.isEmpty()
                        ? classname.substring(module.length() + 1).replace(".", "::")
                        : classname;
        String whole = classes.isEmpty() ? name : classes + "::" + name;
        return whole.isBlank() ? "(without a name)" : cut(whole, MAX_NAME);
    }

    private static @Nullable Double seconds(String text) {
        try {
            double seconds = Double.parseDouble(text);
            return seconds >= 0 && seconds < Long.MAX_VALUE ? seconds : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** {@return the last line that pytest marks as an error, after a colon} */
    private static String lastError(String text) {
        UnaryOperator<String> unmarked = line -> line.substring(1).strip();
        return text.lines()
                .filter(line -> line.startsWith("E "))
                .reduce((before, line) -> line)
                .map(line -> ": " + unmarked.apply(line))
                .orElse("");
    }

    /** {@return the first line of a text, without control characters, limited in length} */
    static String oneLine(String text) {
        String line = text.strip().lines().findFirst().orElse("");
        return cut(line.replaceAll("\\p{Cntrl}", "\uFFFD"), MAX_MESSAGE);
    }

    private static String cut(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length) + "…";
    }
}
