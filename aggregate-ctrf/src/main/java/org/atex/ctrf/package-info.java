/** Writes test results in the Common Test Report Format (CTRF). */
@NullMarked
@Preview
package org.atex.ctrf;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
