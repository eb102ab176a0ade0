/** Sends a run as spans and metrics of OpenTelemetry. */
@NullMarked
@Preview
package org.atex.opentelemetry;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
