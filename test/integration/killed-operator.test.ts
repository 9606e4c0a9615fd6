import { describeKilledOperator } from './killed-operator.ts'

describeKilledOperator(1)
