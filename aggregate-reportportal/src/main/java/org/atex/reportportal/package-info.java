/** Writes test results in the format of ReportPortal. */
@NullMarked
@Preview
package org.atex.reportportal;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
