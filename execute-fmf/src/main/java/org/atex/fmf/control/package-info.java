/**
 * The control stream, on which a running test sends results and requests to its executor. The stream is unidirectional.
 * It consists of lines with a word and an argument, some followed by raw bytes. The words are those of {@link
 * org.atex.fmf.control.ControlWord}; the format is defined in {@code docs/test-control.md}.
 */
@NullMarked
@Preview
package org.atex.fmf.control;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
