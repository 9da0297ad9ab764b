"""What supervisors see of the desk: figures of a period, and the cases behind them."""
