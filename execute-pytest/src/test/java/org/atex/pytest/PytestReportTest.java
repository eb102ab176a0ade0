package org.atex.pytest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PytestReportTest {
    @TempDir
    Path here;

    private final List<CaseResult> found = new ArrayList<>();

    private List<CaseResult> read(String xml) throws Exception {
        PytestReport.read(Files.writeString(here.resolve("x.xml"), xml), found::add);
        return found;
    }

    private static String suite(String cases) {
        return "<?xml version=\"1.0\" encoding=\"utf-8\"?><testsuites name=\"pytest tests\"><testsuite name=\"pytest\">"
                + cases + "</testsuite></testsuites>";
    }

    @Test
    void casesHaveTheNamesOfTheirNodeIds() throws Exception {
        assertThat(read(suite("""
                        <properties><property name="a" value="b"/></properties>
                        <testcase classname="tests.test_a" name="test_x" file="tests/test_a.py" time="0.5"/>
                        <testcase classname="tests.test_a.TestA.TestB" name="test_x[a.b]" file="tests/test_a.py" time="x"/>
                        <testcase classname="elsewhere" name="test_x" time="-1"/>
                        <testcase classname="" name="" time="NaN"/>
                        """)))
                .containsExactly(
                        new CaseResult("tests/test_a.py", "test_x", CaseResult.Kind.PASSED, null, 0.5),
                        new CaseResult(
                                "tests/test_a.py", "TestA::TestB::test_x[a.b]", CaseResult.Kind.PASSED, null, null),
                        new CaseResult("", "elsewhere::test_x", CaseResult.Kind.PASSED, null, null),
                        new CaseResult("", "(without a name)", CaseResult.Kind.PASSED, null, null));
    }

    @Test
    void kindsAreKeptApart() throws Exception {
        assertThat(read(suite("""
                        <testcase name="a"><failure message="one&#10;two">text</failure></testcase>
                        <testcase name="b"><error message="failed on setup with &quot;x&quot;"/></testcase>
                        <testcase name="c"><skipped type="pytest.skip" message="no tape"/></testcase>
                        <testcase name="d"><skipped type="pytest.xfail" message=""/></testcase>
                        <testcase name="e"><system-out><failure/></system-out></testcase>
                        <testcase name="f"><error message="collection failure">E   ImportError: no</error></testcase>
                        """)))
                .extracting(result -> result.kind() + " " + result.message())
                .containsExactly(
                        "FAILED one",
                        "ERROR failed on setup with \"x\"",
                        "SKIPPED no tape",
                        "XFAILED null",
                        "PASSED null",
                        "ERROR collection failure: ImportError: no");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "<html/>",
                "<testsuites/>",
                "<testcase/>",
                "<testsuites><testsuite><testcase name='a'/></testsuite>",
                "<testsuite><testcase name='a'><failure",
                "<testsuite/><testsuite/>",
                "<testsuite>\u0000</testsuite>",
                "<!DOCTYPE testsuite><testsuite/>",
                "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><testsuite><testcase name='&b;'/></testsuite>",
                "<!DOCTYPE a SYSTEM 'http://localhost:1/x.dtd'><testsuite/>",
                "<!DOCTYPE a [<!ENTITY b 'b'><!ENTITY c '&b;&b;'>]><testsuite name='&c;'/>",
                "<testsuite name='&b;'/>",
                "<?xml version='1.0' encoding='no'?><testsuite/>"
            })
    void malformedReportsAreRefused(String xml) {
        assertThatThrownBy(() -> read(xml))
                .isInstanceOf(PytestReport.MalformedException.class)
                .message()
                .isNotBlank()
                .doesNotContain("root:");
    }

    @Test
    void largeReportsAreReadPieceByPiece() throws Exception {
        String failure = "<testcase name='a'><failure message='" + "m&#10;".repeat(1_000_000) + "'>"
                + "t&lt;".repeat(1_000_000) + "</failure></testcase>";
        read(suite(failure + "<testcase name='b'/>".repeat(100_000)));
        assertThat(found).hasSize(100_001);
        assertThat(found.getFirst().kind()).isEqualTo(CaseResult.Kind.FAILED);
        assertThat(found.getFirst().message()).isEqualTo("m");
    }

    @Test
    void deepReportsDoNotOverflowTheStack() {
        assertThatThrownBy(() -> read(suite("<x>".repeat(1_000_000))))
                .isInstanceOf(PytestReport.MalformedException.class);
    }

    @Test
    void everyTruncationIsNoticed() throws Exception {
        String whole = suite("<testcase name='a' time='1'/><testcase name='b'><skipped message='m'/></testcase>");
        for (int length = 0; length < whole.length(); length++) {
            String cut = whole.substring(0, length);
            assertThatThrownBy(() -> read(cut)).as(cut).isInstanceOf(PytestReport.MalformedException.class);
        }
        assertThat(read(whole)).isNotEmpty();
    }

    @Test
    void namesOfPartsRepeatTheFileOnlyIfItIsAnother() {
        CaseResult result = new CaseResult("test_a.py", "test_x", CaseResult.Kind.PASSED, null, null);
        assertThat(result.part("test_a.py").name()).isEqualTo("test_x");
        assertThat(result.part("tests/test_a.py").name()).isEqualTo("test_x");
        assertThat(result.part("tests").name()).isEqualTo("test_a.py::test_x");
        assertThat(result.part("other_test_a.py").name()).isEqualTo("test_a.py::test_x");
    }
}
